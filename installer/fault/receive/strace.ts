import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** The calls of a receive path that change what a file system holds. */
export const FILE_CALLS = [
  'openat',
  'write',
  'writev',
  'pwrite64',
  'pwritev',
  'pwritev2',
  'fsync',
  'fdatasync',
  'sync_file_range',
  'rename',
  'renameat',
  'renameat2',
  'link',
  'linkat',
  'unlink',
  'unlinkat',
  'mkdir',
  'mkdirat',
  'ftruncate',
  'fallocate',
  'close',
] as const

/** How strace is put on a running process. */
export interface TraceRequest {
  readonly program: string
  /** A process with all its threads, or one thread. */
  readonly target: { readonly process: number } | { readonly thread: number }
  readonly logFile: string
  /** As in `-e inject=`, such as `fdatasync:error=EIO:when=3`. */
  readonly inject?: string
}

/** A strace at work. */
export interface RunningTrace {
  /** Takes it off again, and gives what it wrote. */
  finish(): Promise<string>
}

const ATTACH_WITHIN_MS = 10_000
const DETACH_WITHIN_MS = 10_000

/** Puts strace on a process or a thread and waits until it is there. */
export async function attachTrace(request: TraceRequest): Promise<RunningTrace> {
  const { target, logFile, inject } = request
  const whom = 'process' in target ? ['-f', '-p', String(target.process)] : ['-p', String(target.thread)]
  const args = ['-y', '-ttt', '-s', '0', '-o', logFile, '-e', `trace=${FILE_CALLS.join(',')}`]
  const child = spawn(
    request.program,
    [...args, ...(inject === undefined ? [] : ['-e', `inject=${inject}`]), ...whom],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  const ended = once(child, 'exit')
  const first = once(createInterface({ input: child.stderr }), 'line')
  await Promise.race([first, ended, once(AbortSignal.timeout(ATTACH_WITHIN_MS), 'abort')])
  return {
    async finish() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGINT')
      // A process that ends while it is let go can keep strace waiting for a thread that will never stop again.
      const late = setTimeout(() => child.kill('SIGKILL'), DETACH_WITHIN_MS)
      await ended
      clearTimeout(late)
      return readFile(logFile, 'utf8').catch(() => '')
    },
  }
}

/**
 * The threads of a process, each with a name that is the same in every run: what the thread calls itself, and its place
 * among those of that name.
 */
export async function threadsOf(pid: number): Promise<ReadonlyMap<string, number>> {
  const folder = join('/proc', String(pid), 'task')
  const ids = (await readdir(folder)).map(Number).sort((one, other) => one - other)
  const seen = new Map<string, number>()
  const named = new Map<string, number>()
  for (const id of ids) {
    const title = (await readFile(join(folder, String(id), 'comm'), 'utf8').catch(() => '')).trim()
    const place = seen.get(title) ?? 0
    seen.set(title, place + 1)
    named.set(`${title}/${place}`, id)
  }
  return named
}
