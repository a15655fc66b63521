import { createConnection, createServer } from 'node:net'

/** A port of 127.0.0.1 that nobody listens on now. */
export function freePort(): Promise<number> {
  return freePorts(1).then(([port]) => port ?? 0)
}

/** Below what the system gives out itself (32,768 on Linux), and beyond what single ports of tests are taken from. */
const BASES = { first: 30_000, apart: 10, count: 270 }
/** Processes that look at the same time begin at different places, and none takes a place twice in a row. */
let turn = process.pid * 131

/** The first of `count` consecutive ports that nobody listens on now; at most ten. */
export async function freePortBase(count: number): Promise<number> {
  for (let tries = 0; tries < BASES.count; tries++) {
    turn += 1
    const base = BASES.first + (turn % BASES.count) * BASES.apart
    const free = await Promise.all(Array.from({ length: count }, (_, index) => isPortFree(base + index)))
    if (free.every(Boolean)) return base
  }
  throw new Error(`no ${count} consecutive free ports were found`)
}

/** Waits until something accepts connections on a port of 127.0.0.1. */
export async function waitForPort(port: number, withinMs = 20_000): Promise<void> {
  const deadline = Date.now() + withinMs
  while (!(await accepts(port))) {
    if (Date.now() > deadline) throw new Error(`nothing listens on port ${port} after ${withinMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listen))
  return Promise.all(servers.map(({ close, port }) => close().then(() => port)))
}

function listen(): Promise<{ port: number; close: () => Promise<void> }> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : 0,
        close: () => new Promise((done) => server.close(() => done())),
      })
    })
  })
}

/** True when nobody listens on a port of 127.0.0.1. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
