import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { pythonPeer } from '../../installer/testing/peers.ts'
import { BASIC_CASES } from './testing/conformance/cases-basic.ts'
import { KEY_CASES } from './testing/conformance/cases-keys.ts'
import { TARGET_CASES } from './testing/conformance/cases-targets.ts'
import { TIME_AND_ROLLBACK_CASES } from './testing/conformance/cases-time-and-rollback.ts'
import { NOW, Runner } from './testing/conformance/runner.ts'

/** The behaviours of the public suite tuf-conformance, on the device's own chain, store, marks and fetcher. */
const CASES = [...BASIC_CASES, ...TIME_AND_ROLLBACK_CASES, ...KEY_CASES, ...TARGET_CASES]
/** Repositories that another implementation wrote. */
const FOREIGN = ['ecdsa', 'mixed'] as const
/** What the suite asks of its own simulator, and we of ours. */
const SELF_CHECKS = 3

const PYTHON = pythonPeer()
const PROGRAM = join(import.meta.dirname, 'testing', 'conformance', 'foreign-repository.py')
const foreignRepository = z.object({
  files: z.record(z.string(), z.array(z.base64())),
  path: z.string(),
  content: z.base64(),
})

let runner: Runner

beforeEach(async () => {
  runner = await Runner.create()
})

afterEach(() => runner.dispose())

describe('TUF conformance', () => {
  it.each(CASES.map((one) => [one.name, one] as const))('%s', (_name, one) => one.run(runner))

  it('has 113 cases, each with a name of its own', () => {
    expect(new Set(CASES.map((one) => one.name)).size).toBe(CASES.length)
    expect(CASES.length + FOREIGN.length + SELF_CHECKS).toBe(113)
  })
})

describe.skipIf(PYTHON === undefined)('a repository that python-tuf wrote', () => {
  it.each(FOREIGN)('with keys of kind %s is followed, and its target is downloaded', async (kind) => {
    const { stdout } = await promisify(execFile)(PYTHON ?? '', [PROGRAM, kind, new Date(NOW).toISOString()])
    const { files, path, content } = foreignRepository.parse(JSON.parse(stdout))
    const { published, artifacts } = runner.repository
    published.clear()
    for (const [role, list] of Object.entries(files)) {
      published.set(
        role,
        list.map((bytes) => Buffer.from(bytes, 'base64')),
      )
    }
    artifacts.set(path, Buffer.from(content, 'base64'))
    await runner.init()
    expect(await runner.refresh()).toBe(true)
    expect(await runner.version('root')).toBe(2)
    expect(await runner.download(path)).toBe(true)
    expect(await runner.downloaded()).toEqual([Buffer.from(content, 'base64').toString()])
  })
})

describe('the simulator', () => {
  it('publishes a first version of each top-level role, signed by one key', () => {
    for (const role of ['root', 'timestamp', 'snapshot', 'targets']) {
      const file = JSON.parse(Buffer.from(runner.repository.last(role)).toString()) as {
        signed: { version: number }
        signatures: unknown[]
      }
      expect([file.signed.version, file.signatures.length]).toEqual([1, 1])
    }
  })

  it('says length and hash of metadata when told so', () => {
    expect(runner.repository.meta('timestamp')['snapshot.json']).toEqual({ version: 1 })
    runner.repository.withHashes = true
    runner.repository.publish('snapshot')
    const { length } = runner.repository.last('snapshot')
    expect(runner.repository.meta('timestamp')['snapshot.json']).toMatchObject({ version: 2, length })
  })

  it('signs with a new key after an exchange, and no more with the old one', () => {
    const [old] = runner.repository.role('timestamp').keyids
    runner.repository.rotateKeys('timestamp')
    runner.repository.publish('timestamp')
    const text = Buffer.from(runner.repository.last('timestamp')).toString()
    expect(text).toContain(runner.repository.role('timestamp').keyids[0])
    expect(text).not.toContain(old)
  })
})
