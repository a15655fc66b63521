import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createNoteSigner, createNoteVerifier, generateSigningKey, verifierKeyOf } from '../audit-log/index.ts'
import { type Acknowledgement, deviceId } from '../contract/index.ts'
import { KitInbox } from './kit-inbox.ts'
import { copyKit, KIT_LIST, readKitList, writeKitList } from './kit-list.ts'
import { openKitAcknowledgement, signKitAcknowledgement } from './kit-signature.ts'

const OF = { direction: 'to-site', device: null, at: '2026-11-22T14:00:00.000Z' } as const
const BOX = deviceId.parse('test-box')

let folder: string
const at = (...names: readonly string[]): string => join(folder, ...names)

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadglass-kit-'))
  await mkdir(at('kit', 'repository', 'blobs'), { recursive: true })
  await writeFile(at('kit', 'repository', 'blobs', 'one'), 'first')
  await writeKitList(at('kit'), OF)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('a kit that somebody carried', () => {
  const copied = () => copyKit(at('kit'), at('copy'), 'to-site')
  const blob = () => at('kit', 'repository', 'blobs', 'one')

  it('is copied as its list says, and nothing beside it', async () => {
    await writeFile(at('kit', 'autorun.inf'), 'not in the list')
    expect((await copied()).kind).toBe('kit')
    expect(await readFile(at('copy', 'repository', 'blobs', 'one'), 'utf8')).toBe('first')
    expect((await readdir(at('copy'))).sort()).toEqual([KIT_LIST, 'repository'])
  })

  it.each([
    ['a missing file', () => rm(blob()), 'kit-incomplete'],
    ['a link to a file elsewhere', () => rm(blob()).then(() => symlink('/etc/hostname', blob())), 'kit-incomplete'],
    ['a torn file', () => writeFile(blob(), 'fir'), 'kit-damaged'],
    ['a file that goes on', () => appendFile(blob(), 'x'.repeat(1_000_000)), 'kit-damaged'],
    ['no list', () => rm(at('kit', KIT_LIST)), 'kit-missing'],
    ['half a list', () => writeFile(at('kit', KIT_LIST), '{"schema":'), 'kit-unreadable'],
    [
      'a device in place of the list',
      () => rm(at('kit', KIT_LIST)).then(() => symlink('/dev/zero', at('kit', KIT_LIST))),
      'kit-unreadable',
    ],
  ])('is refused with %s', async (_what, spoil, code) => {
    await spoil()
    expect(await copied()).toMatchObject({ kind: 'refused', code })
  })

  it.each(['../outside', '/etc/passwd', 'a/../../b', '.hidden', 'a//b', 'con\u0000'])(
    'is refused with the path %j',
    async (path) => {
      const list: unknown = JSON.parse(await readFile(at('kit', KIT_LIST), 'utf8'))
      const files = [{ path, bytes: 1, sha256: '00'.repeat(32) }]
      await writeFile(at('kit', KIT_LIST), JSON.stringify({ ...(list as object), files }))
      expect(await readKitList(at('kit'), 'to-site')).toMatchObject({ kind: 'refused', code: 'kit-unreadable' })
    },
  )
})

describe('the hand-over', () => {
  it('gives a kit to one process only, and again after that one was killed', async () => {
    const inbox = new KitInbox(folder)
    await inbox.prepare()
    const id = '0123456789abcdef'
    await mkdir(inbox.stagingOf(id))
    expect(await inbox.claim()).toBeUndefined()
    await inbox.handOver(id)
    expect(await inbox.isWaiting(id)).toBe(true)
    const claims = await Promise.all([inbox.claim(), new KitInbox(folder).claim()])
    expect(claims.filter((one) => one !== undefined)).toHaveLength(1)
    await inbox.recover()
    const again = await inbox.claim()
    if (again === undefined) throw new Error('nothing to claim')
    const result = { code: null, message: 'done', models: [], acknowledged: false }
    await inbox.settle(again, { schema: 'leadglass.kit-result/1', outcome: 'taken', ...result })
    expect(await inbox.resultOf(id).read()).toMatchObject({ kind: 'value', value: { outcome: 'taken' } })
    expect(await readdir(inbox.folder)).toEqual([`result-${id}.json`])
  })
})

describe('an acknowledgement in a kit', () => {
  const answer: Acknowledgement = {
    schema: 'leadglass.acknowledgement/1',
    device: BOX,
    batch: '0b9e9a2e-95b2-4d6f-9d39-3a6c4d9b1a11',
    watermarks: [{ epoch: 1, stream: 'audit', sequence: 7 }],
    refused: [],
    cosigned: 'a note\n',
  }
  const key = generateSigningKey()
  const signer = createNoteSigner('leadglass/hub/audit', key)
  const verifier = createNoteVerifier(verifierKeyOf('leadglass/hub/audit', key))

  it('is believed of the pinned hub, for this box, unchanged', () => {
    const note = signKitAcknowledgement(answer, signer)
    expect(openKitAcknowledgement(note, BOX, verifier)).toEqual(answer)
    expect(openKitAcknowledgement(note, deviceId.parse('other-box'), verifier)).toBeUndefined()
    expect(openKitAcknowledgement(note.replace('7', '8'), BOX, verifier)).toBeUndefined()
    const stranger = createNoteSigner('leadglass/hub/audit', generateSigningKey())
    expect(openKitAcknowledgement(signKitAcknowledgement(answer, stranger), BOX, verifier)).toBeUndefined()
    expect(openKitAcknowledgement('rubbish', BOX, verifier)).toBeUndefined()
  })
})
