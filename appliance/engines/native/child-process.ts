import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { type NativeReply, type NativeRequest, nativeReply } from './messages.ts'

const CHILD = resolve(import.meta.dirname, 'child.ts')

/** Starts a process of the addon with one thing to do. It ends when the parent does. */
export function startNative(request: NativeRequest, onReply: (reply: NativeReply) => void): ChildProcess {
  // An empty environment: DCMTK reads some variables, and no secret of ours is its business.
  const child = fork(CHILD, { env: {}, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  child.on('message', (message) => onReply(nativeReply.parse(message)))
  child.send(request)
  return child
}

/** Ends the process: the addon's listener has no other end. */
export async function endNative(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
