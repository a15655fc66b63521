import { cp, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type ModelPackage, readPackage } from '@leadglass/models'
import { silentLogger, systemClock } from '@leadglass/sync-agent/foundation'
import {
  defaultScoringLimits,
  type ScoringLimits,
  ScoringPool,
  type ScoringPoolOptions,
  workerCodeRoots,
} from '../index.ts'

/** Root of the program, which workers may read. */
export const PROGRAM_ROOT = resolve(import.meta.dirname, '..', '..', '..')

/** What a test may want otherwise than the product has it. */
export interface PoolWishes extends Partial<Omit<ScoringPoolOptions, 'limits'>> {
  readonly limits?: Partial<ScoringLimits>
}

/** A folder of work and one of models, and pools of the product's own workers over them. */
export class ScoringRoom {
  readonly root: string
  readonly work: string
  readonly models: string
  readonly #pools: ScoringPool[] = []

  private constructor(root: string) {
    this.root = root
    this.work = join(root, 'work')
    this.models = join(root, 'models')
  }

  static async open(): Promise<ScoringRoom> {
    const room = new ScoringRoom(await realpath(await mkdtemp(join(tmpdir(), 'scoring-'))))
    await Promise.all([room.work, room.models].map((folder) => mkdir(folder)))
    return room
  }

  /** A pool that is not started yet; stopped with the room. */
  pool({ limits, ...wishes }: PoolWishes = {}): ScoringPool {
    const pool = new ScoringPool({
      workers: 1,
      codeRoots: workerCodeRoots(PROGRAM_ROOT),
      workFolder: this.work,
      modelsFolder: this.models,
      clock: systemClock,
      logger: silentLogger,
      ...wishes,
      limits: { ...defaultScoringLimits, ...limits },
    })
    this.#pools.push(pool)
    return pool
  }

  /** The same, started. */
  async started(wishes: PoolWishes = {}): Promise<ScoringPool> {
    const pool = this.pool(wishes)
    await pool.start()
    return pool
  }

  /** Puts a package that the product ships into the folder of models. */
  async ship(name = 'chest-radiograph', version = '1.0.0'): Promise<ModelPackage> {
    const folder = join(this.models, name, version)
    await cp(join(PROGRAM_ROOT, 'models', 'packages', name, version), folder, { recursive: true })
    return readPackage(folder)
  }

  /** Puts a file into the folder of work. Returns its path. */
  async write(name: string, bytes: Uint8Array): Promise<string> {
    const path = join(this.work, name)
    await writeFile(path, bytes)
    return path
  }

  async close(): Promise<void> {
    await Promise.all(this.#pools.splice(0).map((pool) => pool.stop()))
    await rm(this.root, { recursive: true, force: true })
  }
}
