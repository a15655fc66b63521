import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

const ROUNDS = 40

/**
 * `node supervise.ts PROGRAM ARGS...`: runs a program in a session of its own and ends the whole session when standard input
 * ends or SIGTERM comes. A Spark driver has children that make process groups of their own, and none of them may outlive
 * the hub. What the program prints goes to standard error.
 */
function main(): void {
  const [program, ...args] = process.argv.slice(2)
  if (program === undefined) throw new Error('usage: supervise.ts PROGRAM ARGS...')
  // A session leader by setsid(2): its session has its own number.
  const child = spawn(program, args, { stdio: ['ignore', process.stderr, process.stderr], detached: true })
  const end = (): void => {
    if (child.pid !== undefined) endSession(child.pid)
    process.exit(3)
  }
  process.stdin.resume().once('end', end).once('error', end)
  process.once('SIGTERM', end)
  child.once('error', () => process.exit(4))
  child.once('exit', (code) => {
    if (child.pid !== undefined) endSession(child.pid)
    process.exit(code ?? 5)
  })
}

/** Kills until nobody of the session is left: a child may be born between two looks. */
function endSession(session: number): void {
  for (let round = 0; round < ROUNDS; round++) {
    const members = membersOf(session)
    if (members.length === 0) return
    for (const pid of members) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // Gone by itself.
      }
    }
  }
}

/** Processes of a session that are no zombies: field 6 of /proc/<pid>/stat, see proc(5). */
function membersOf(session: number): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const [state, , , ofSession] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return Number(ofSession) === session && state !== 'Z' ? [Number(name)] : []
    } catch {
      return []
    }
  })
}

main()
