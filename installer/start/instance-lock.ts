import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InstallerError } from '../errors.ts'
import type { InstanceLayout } from './layout.ts'

/**
 * Makes sure that one data folder runs once. A lock whose holder no longer lives is taken over.
 * @returns a function that gives the lock back.
 * @throws InstallerError `already-running`.
 */
export async function holdInstanceLock(layout: InstanceLayout): Promise<() => Promise<void>> {
  const path = join(layout.root, 'up.lock')
  await mkdir(layout.root, { recursive: true, mode: 0o700 })
  for (let tries = 0; tries < 3; tries++) {
    try {
      await createWhole(path, String(process.pid))
      return () => rm(path, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      const holder = Number(await readFile(path, 'utf8').catch(() => '0'))
      if (isAlive(holder)) break
      await rm(path, { force: true })
    }
  }
  throw new InstallerError('already-running', {
    message: `the instance in ${layout.root} is running already`,
    effect: 'nothing was started a second time',
    nextStep: 'use it, or stop it with Ctrl-C where it runs',
  })
}

/** Creates a file that appears with its content or not at all: a lock seen empty would look like a dead holder's. */
async function createWhole(path: string, content: string): Promise<void> {
  const temporary = `${path}.${process.pid}`
  await writeFile(temporary, content, { mode: 0o600 })
  try {
    await link(temporary, path)
  } finally {
    await rm(temporary, { force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
