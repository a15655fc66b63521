import { execFile, spawn } from 'node:child_process'
import { chown, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const VERSIONS = '/usr/lib/postgresql'
const START_MS = 30_000

/** A PostgreSQL server of a test's own. */
export interface TestPostgres {
  readonly url: string
  readonly pid: number
  stop(): Promise<void>
}

/** Folder of the newest installed server's programs (the Debian package `postgresql`). */
export async function postgresPrograms(): Promise<string | undefined> {
  const versions = await readdir(VERSIONS).catch(() => [])
  const newest = versions
    .map(Number)
    .filter(Number.isInteger)
    .sort((a, b) => b - a)[0]
  if (newest !== undefined) return join(VERSIONS, `${newest}`, 'bin')
  if (process.env.LEADGLASS_REQUIRE_PEERS !== '1') return undefined
  throw new Error('the peer postgresql is required (LEADGLASS_REQUIRE_PEERS=1) and is not installed')
}

/** Starts a server on a socket in a folder of its own, with further options. The server refuses to run as root: then it runs as `postgres`. */
export async function startTestPostgres(programs: string, settings: readonly string[] = []): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'leadglass-postgres-'))
  const data = join(folder, 'data')
  await mkdir(data, { mode: 0o700 })
  const owner = process.getuid?.() === 0 ? await ownerIds() : {}
  if (owner.uid !== undefined && owner.gid !== undefined) {
    await chown(folder, owner.uid, owner.gid)
    await chown(data, owner.uid, owner.gid)
  }
  const environment = { env: { ...process.env, LC_ALL: 'C' }, cwd: folder, ...owner }
  await run(join(programs, 'initdb'), ['-D', data, '-U', 'leadglass', '-A', 'trust', '-E', 'UTF8', '-N'], environment)
  const server = spawn(join(programs, 'postgres'), ['-D', data, '-k', folder, '-c', 'listen_addresses=', ...settings], {
    ...environment,
    stdio: 'ignore',
  })
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  const stop = async (): Promise<void> => {
    // SIGINT is PostgreSQL's fast shutdown: connections are ended.
    server.kill('SIGINT')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  const deadline = Date.now() + START_MS
  for (;;) {
    const answer = await run(join(programs, 'pg_isready'), ['-h', folder, '-q']).then(
      () => true,
      () => false,
    )
    if (answer)
      return { url: `postgresql://leadglass@/postgres?host=${encodeURIComponent(folder)}`, pid: server.pid ?? 0, stop }
    if (Date.now() > deadline || server.exitCode !== null) {
      await stop()
      throw new Error('PostgreSQL did not start')
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function ownerIds(): Promise<{ readonly uid?: number; readonly gid?: number }> {
  const [uid, gid] = await Promise.all([run('id', ['-u', 'postgres']), run('id', ['-g', 'postgres'])])
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
}
