import { createServer } from 'node:net'

const FIRST = 20_000
const PORTS = 10_000
/** Tests run in processes side by side: each begins somewhere else, and none gives a port out twice. */
let next = (process.pid * 131) % PORTS

/**
 * A port that nobody listens on, below the range from which the system hands out ports: it stays free while a broker is
 * down, so that a restart gets it back.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    next = (next + 1) % PORTS
    const port = FIRST + next
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
