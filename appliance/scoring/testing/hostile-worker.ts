import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { Worker } from 'node:worker_threads'
import { sealNetwork } from '../../workers/index.ts'
import { type WorkerReply, workerRequest } from '../messages.ts'

sealNetwork()

/** A worker entry that misbehaves as the job's id says: `act:target`. What it was able to do comes back as `detail`. */
const ACTS: Readonly<Record<string, (file: string) => string>> = {
  hang: () => {
    for (;;) Math.random()
  },
  abort: () => process.abort(),
  exit: () => process.exit(3),
  swell: () => {
    const held: Buffer[] = []
    for (;;) held.push(Buffer.alloc(16 * 2 ** 20, 1))
  },
  read: (file) => attempt(() => readFileSync(file)),
  write: (file) => attempt(() => writeFileSync(file, 'x')),
  spawn: () => attempt(() => spawnSync('/bin/true').error?.message ?? 'ran'),
  thread: () => attempt(() => new Worker('process.exit()', { eval: true })),
  environment: () => `variables-${Object.keys(process.env).length}`,
  listen: () => attempt(() => createServer().listen(0, '127.0.0.1')),
  connect: () => attempt(() => connect(9, '127.0.0.1')),
  behave: () => 'behaved',
}

function attempt(act: () => unknown): string {
  try {
    act()
    return 'allowed'
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'error'
    return code.toLowerCase().replaceAll('_', '-')
  }
}

function reply(message: WorkerReply | { readonly kind: 'nonsense' }): void {
  process.send?.(message)
}

process.on('message', (message) => {
  const request = workerRequest.parse(message)
  if (request.kind !== 'score') return
  const { jobId, files } = request
  const [act = '', target] = jobId.split(':')
  if (act === 'lie') return reply({ kind: 'nonsense' })
  if (act === 'omit') return reply({ kind: 'completed', jobId })
  files.forEach((file, instance) => {
    const detail = ACTS[act]?.(target || file) ?? 'unknown'
    reply({ kind: 'instance', jobId, outcome: { kind: 'not-scored', instance, reason: 'internal-error', detail } })
  })
  reply({ kind: 'completed', jobId })
})
process.on('disconnect', () => process.exit(0))
reply({ kind: 'ready' })
