import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createConnection, createServer } from 'node:net'

/** DCMTK waits for acknowledgements and reads in small pieces unless told otherwise. */
const ENVIRONMENT = { ...process.env, TCP_NODELAY: '1', TCP_BUFFER_LENGTH: '131072' }

/** Runs one of DCMTK's programs to its end. */
export function runDcmtk(
  program: string,
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    execFile(program, args, { env: ENVIRONMENT }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr }),
    )
  })
}

/** A program that listens on `port` until it is stopped. Resolves when the port can be reached. */
export async function startPeer(
  program: string,
  port: number,
  args: readonly string[],
): Promise<{ stop: () => Promise<void> }> {
  const child: ChildProcess = spawn(program, args, { env: ENVIRONMENT, stdio: 'ignore' })
  const exited = once(child, 'exit')
  for (let attempt = 0; !(await reachable(port)); attempt += 1) {
    if (child.exitCode !== null || attempt > 200) throw new Error(`${program} does not listen`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return {
    stop: async () => {
      child.kill()
      await exited
    },
  }
}

/** A port that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function reachable(port: number): Promise<boolean> {
  const socket = createConnection({ port, host: '127.0.0.1' })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
