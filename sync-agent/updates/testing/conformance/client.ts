import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { Readable } from 'node:stream'
import type { TargetFile } from '@tufjs/models'
import { type Clock, silentLogger, writeFileAtomically } from '../../../foundation/index.ts'
import { FileHighWaterMarks } from '../../file-high-water-marks.ts'
import { HttpFetcher } from '../../http-fetcher.ts'
import { MetadataChain } from '../../metadata-chain.ts'
import { MetadataStore } from '../../metadata-store.ts'

/** TUF 5.6.7: the most delegated roles that one search visits. */
const MAXIMUM_DELEGATIONS = 32

/** Where a conformance client keeps what it trusts, and where the repository is. */
export interface ConformanceClientOptions {
  /** What the suite looks into: `root.json`, `timestamp.json` and so on. */
  readonly metadataDir: string
  readonly clock: Clock
}

/**
 * The device's own chain, store, marks and fetcher behind the three commands that conformance suites know. Devices pin one
 * delegation; a suite asks for any graph of delegations, so the search of TUF 5.6.7 is here and not in the product.
 */
export class ConformanceClient {
  readonly #metadataDir: string
  readonly #state: string
  readonly #clock: Clock

  constructor(options: ConformanceClientOptions) {
    this.#metadataDir = options.metadataDir
    this.#state = join(options.metadataDir, 'device')
    this.#clock = options.clock
  }

  /** Provisions the device with a first root. Asks the repository nothing. */
  async init(trustedRoot: string): Promise<void> {
    await mkdir(this.#state, { recursive: true })
    await copyFile(trustedRoot, join(this.#state, 'initial-root.json'))
    await copyFile(trustedRoot, join(this.#metadataDir, 'root.json'))
  }

  /** The TUF workflow up to top-level targets. @throws when anything of it is refused. */
  async refresh(metadataUrl: string): Promise<void> {
    await this.#walk(metadataUrl, async () => undefined)
  }

  /**
   * Refreshes, then finds and downloads each target in order within one walk.
   * @throws at the first that is not found, or is not what was signed.
   */
  async download(metadataUrl: string, targetsUrl: string, targetDir: string, paths: readonly string[]): Promise<void> {
    const targets = fetcherOf(targetsUrl, 'targets')
    await this.#walk(metadataUrl, async (chain) => {
      for (const path of paths) {
        const target = await find(chain, path)
        if (target === undefined) throw new Error(`no role lists ${path}`)
        await obtain(targets, target, join(targetDir, encodeURIComponent(path)))
      }
    })
  }

  async #walk(metadataUrl: string, act: (chain: MetadataChain) => Promise<void>): Promise<void> {
    const marks = new FileHighWaterMarks({ folder: join(this.#state, 'marks'), logger: silentLogger })
    const initialRoot = await readFile(join(this.#state, 'initial-root.json'))
    const chain = MetadataChain.begin({
      fetcher: fetcherOf(metadataUrl, 'metadata'),
      store: new MetadataStore({ stateFolder: this.#state, initialRoot }),
      marks: await marks.read(),
      clock: this.#clock,
    })
    try {
      await chain.roots()
      await chain.timestamp()
      await chain.snapshot()
      await chain.delegated('targets', 'root', 'targets')
      chain.earnRole('targets', 'targets')
      await act(chain)
    } finally {
      await marks.raise(chain.earned)
      await this.#show(chain)
    }
  }

  /** Lays out what the device trusts where the suite looks. */
  async #show(chain: MetadataChain): Promise<void> {
    const folder = join(this.#state, 'metadata')
    for (const name of await readdir(folder).catch(() => [])) {
      if (!/^\d+\.root\.json$/.test(name)) await copyFile(join(folder, name), join(this.#metadataDir, name))
    }
    const root = chain.files.get(`${chain.trusted.rootVersion}.root.json`)
    if (root !== undefined) await writeFileAtomically(join(this.#metadataDir, 'root.json'), root)
  }
}

/** A fetcher whose `metadata/` or `targets/` is exactly the given address. */
function fetcherOf(url: string, folder: 'metadata' | 'targets'): HttpFetcher {
  const base = url.replace(/\/+$/, '')
  if (!base.endsWith(`/${folder}`)) throw new Error(`the address does not end in /${folder}`)
  return new HttpFetcher({ repositoryUrl: base.slice(0, -folder.length), idleTimeoutMs: 10_000 })
}

/** TUF 5.6.7: pre-order, depth first, as each delegator orders its delegations. */
async function find(chain: MetadataChain, path: string): Promise<TargetFile | undefined> {
  const stack: { role: string; delegator: string }[] = [{ role: 'targets', delegator: 'root' }]
  const visited = new Set<string>()
  for (let next = stack.pop(); next !== undefined && visited.size <= MAXIMUM_DELEGATIONS; next = stack.pop()) {
    if (visited.has(next.role)) continue
    if (next.role !== 'targets') await chain.delegated(next.role, next.delegator)
    visited.add(next.role)
    const { targets, delegations } = chain.trusted.role(next.role).signed
    if (Object.hasOwn(targets, path)) return targets[path]
    const children: typeof stack = []
    for (const { role, terminating } of delegations?.rolesForTarget(path) ?? []) {
      children.push({ role, delegator: next.role })
      if (!terminating) continue
      stack.length = 0
      break
    }
    stack.push(...children.reverse())
  }
  return undefined
}

async function obtain(fetcher: HttpFetcher, target: TargetFile, place: string): Promise<void> {
  const present = await readFile(place).catch(() => undefined)
  if (present !== undefined && (await isTarget(target, present))) return
  const [digest] = Object.values(target.hashes)
  const parts = target.path.split('/').map((part) => encodeURIComponent(part))
  const name = `${digest}.${parts.pop() ?? ''}`
  const bytes = await fetcher.target(posix.join(...parts, name), target.length)
  if (bytes === undefined) throw new Error('the repository has no such target')
  if (!(await isTarget(target, bytes))) throw new Error('the target differs from what was signed')
  await writeFileAtomically(place, bytes)
}

async function isTarget(target: TargetFile, bytes: Uint8Array): Promise<boolean> {
  return target.verify(Readable.from([bytes])).then(
    () => true,
    () => false,
  )
}
