import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { peer } from '../../installer/testing/peers.ts'
import { dataSetOf, textElement } from '../imaging/dataset/index.ts'
import { buildWithdrawalNote, type WithdrawalNoteRequest } from './withdrawal-note.ts'

const source = dataSetOf([
  textElement(0x00080020, 'DA', '20260105'),
  textElement(0x00080030, 'TM', '080000'),
  textElement(0x00080050, 'SH', 'A1'),
  textElement(0x00080090, 'PN', 'DOC^REF'),
  textElement(0x00100010, 'PN', 'A^B'),
  textElement(0x00100020, 'LO', 'P1'),
  textElement(0x00100030, 'DA', '19600101'),
  textElement(0x00100040, 'CS', 'F'),
  textElement(0x0020000d, 'UI', '1.2.3'),
  textElement(0x00200010, 'SH', '1'),
])
const series = dataSetOf([textElement(0x0020000e, 'UI', '1.2.3.9')])
const REQUEST: WithdrawalNoteRequest = {
  source,
  studyInstanceUid: '1.2.3',
  revision: 3,
  title: { value: '113001', scheme: 'DCM', meaning: 'Rejected for Quality Reasons' },
  results: [
    { sopClassUid: '1.2.840.10008.5.1.4.1.1.88.34', sopInstanceUid: '1.2.3.4', dataSet: series },
    { sopClassUid: '1.2.840.10008.5.1.4.1.1.88.34', sopInstanceUid: '1.2.3.5', dataSet: series },
  ],
  device: { name: 'box', softwareVersion: '0.1.0' },
  date: '20260105',
  time: '090000',
}

describe('a rejection note of our own', () => {
  let folder: string
  let path: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leadglass-note-'))
    path = join(folder, 'note.dcm')
    await writeFile(path, buildWithdrawalNote(REQUEST).bytes)
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('is the same for the same study and revision, and another for the next', () => {
    const again = buildWithdrawalNote(REQUEST)
    expect(again.bytes.equals(buildWithdrawalNote(REQUEST).bytes)).toBe(true)
    expect(buildWithdrawalNote({ ...REQUEST, revision: 4 }).sopInstanceUid).not.toBe(again.sopInstanceUid)
  })

  it.skipIf(peer('dciodvfy') === undefined)(
    'is a Key Object Selection without fault to dciodvfy [needs dciodvfy]',
    () => {
      const { stderr, status } = spawnSync(peer('dciodvfy') ?? '', [path], { encoding: 'utf8' })
      expect(status).toBe(0)
      expect(stderr).toContain('KeyObjectSelectionDocument')
      expect(stderr).not.toMatch(/^Error/m)
    },
  )

  it.skipIf(peer('dsr2xml') === undefined)('names what it rejects to DCMTK [needs dsr2xml]', () => {
    const { stdout, status } = spawnSync(peer('dsr2xml') ?? '', [path], { encoding: 'utf8' })
    expect(status).toBe(0)
    for (const said of ['Key Object Selection Document', '113001', '1.2.3.4', '1.2.3.5']) expect(stdout).toContain(said)
  })
})
