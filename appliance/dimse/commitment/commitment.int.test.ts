import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '@leadglass/sync-agent/foundation'
import { afterEach, describe, expect, it } from 'vitest'
import { IMPLICIT_VR_LITTLE_ENDIAN, STORAGE_COMMITMENT_PUSH_MODEL } from '../facts/uids.ts'
import type { CommitmentReport, InstanceReference } from '../ports.ts'
import { AssociationRequester } from '../requester/requester.ts'
import { nodeAt, openCommitmentDatabase, provider, user } from '../testing/commitment-nodes.ts'
import { freePort } from '../testing/dcmtk.ts'
import { startListener } from '../testing/listener.ts'
import { rawAction } from '../testing/raw-action.ts'
import { openForRequest, requestOn, sendEventReport } from './messages.ts'
import type { Holding } from './rules.ts'
import { SqliteCommitmentStore } from './sqlite-store.ts'

const CR = '1.2.840.10008.5.1.4.1.1.1'
const one: InstanceReference = { sopClassUid: CR, sopInstanceUid: '1.2.3.1' }
const two: InstanceReference = { sopClassUid: CR, sopInstanceUid: '1.2.3.2' }
const HELD: Readonly<Record<string, Holding>> = { '1.2.3.1': 'held', '1.2.3.2': 'held', '1.2.3.9': 'other-class' }
const held = (_: string, uid: string): Holding => HELD[uid] ?? 'not-held'

const cleanups: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (let clean = cleanups.pop(); clean !== undefined; clean = cleanups.pop()) await clean()
})

/** A node that is SCP of storage commitment, and one that is its SCU, each with a listener. */
async function nodes(options: { holdOpenMs?: number; known?: boolean; reportDelayMs?: number } = {}) {
  const scu = user(openCommitmentDatabase(), { limits: { holdOpenMs: options.holdOpenMs ?? 50 } })
  const scuListener = await startListener({}, { services: { commitmentReports: scu.user } })
  const database = openCommitmentDatabase()
  const scp = provider(
    database,
    held,
    ({ aeTitle }) => (options.known === false ? undefined : nodeAt(scuListener.port, aeTitle)),
    { limits: { reportDelayMs: options.reportDelayMs ?? 30 } },
  )
  const scpListener = await startListener({}, { services: { commitment: scp } })
  await scp.start()
  await scu.user.start()
  cleanups.push(async () => {
    await scu.user.stop()
    await scp.stop()
    await scpListener.server.stop()
    await scuListener.server.stop()
  })
  const archive = nodeAt(scpListener.port, 'ARCHIVE', 'MODALITY')
  return { scu, scuListener, scp, scpListener, archive, store: new SqliteCommitmentStore(database) }
}

describe('storage commitment between two nodes of ours', () => {
  it('reports on the same association while it is open', async () => {
    const { scu, scuListener, archive } = await nodes({ holdOpenMs: 5000, known: false })
    const { transactionUid } = await scu.user.requestCommitment('archive', archive, [one, two])
    await expect.poll(() => scu.settled.length).toBe(1)
    expect(scu.settled[0]).toMatchObject({ transactionUid, destination: 'archive', how: 'answered' })
    expect(scu.settled[0]?.outcomes).toEqual([{ kind: 'committed' }, { kind: 'committed' }])
    expect(scuListener.storage.accepted).toHaveLength(0)
  })

  it('reports on a new association when the first is gone', async () => {
    const { scu, scuListener, archive, store } = await nodes({ holdOpenMs: 0, reportDelayMs: 200 })
    await scu.user.requestCommitment('archive', archive, [one])
    await expect.poll(() => scu.settled.length).toBe(1)
    expect(scu.settled[0]?.outcomes).toEqual([{ kind: 'committed' }])
    expect(
      scuListener.storage.accepted.map(({ calledAeTitle, callingAeTitle }) => [calledAeTitle, callingAeTitle]),
    ).toEqual([['MODALITY', 'ARCHIVE']])
    await expect.poll(() => store.countOwedReports()).toBe(0)
  })

  it('gives the reason for each instance that is not committed', async () => {
    const { scu, archive } = await nodes({ holdOpenMs: 5000 })
    await scu.user.requestCommitment('archive', archive, [
      one,
      { sopClassUid: CR, sopInstanceUid: '1.2.3.8' },
      { sopClassUid: CR, sopInstanceUid: '1.2.3.9' },
      { sopClassUid: '1.2.840.10008.1.1', sopInstanceUid: '1.2.3.7' },
    ])
    await expect.poll(() => scu.settled.length).toBe(1)
    expect(scu.settled[0]?.outcomes).toEqual([
      { kind: 'committed' },
      { kind: 'failed', failureReason: 0x0112 },
      { kind: 'failed', failureReason: 0x0119 },
      { kind: 'failed', failureReason: 0x0122 },
    ])
  })

  it('reports a transaction UID that is in use as 0131H, and takes the same request twice', async () => {
    const { archive, scpListener, store } = await nodes({ known: false, reportDelayMs: 100_000 })
    const ask = async (title: string, instances: readonly InstanceReference[]) => {
      const association = await openForRequest(new AssociationRequester(), { ...archive, callingAeTitle: title })
      expect(await requestOn(association, '2.25.77', instances)).toBe(0)
      await association.release()
    }
    await ask('CT', [one])
    await ask('CT', [one])
    expect(store.countOwedReports()).toBe(1)
    await ask('MR', [one])
    expect(store.countOwedReports()).toBe(2)
    expect(scpListener.storage.accepted).toHaveLength(3)
    const reports: CommitmentReport[] = []
    const taking = await startListener(
      {},
      {
        services: {
          commitmentReports: {
            reported: async (report) => {
              reports.push(report)
              return 'accepted'
            },
          },
        },
      },
    )
    cleanups.push(() => taking.server.stop())
    const copy = openCommitmentDatabase()
    const later = new SqliteCommitmentStore(copy)
    const due = store.dueReports(Date.now() + 86_400_000, 9)
    for (const owed of due) later.addReport({ ...owed, nextAttemptAt: 0 })
    await provider(copy, held, ({ aeTitle }) => nodeAt(taking.port, aeTitle)).wake()
    expect(reports.map(({ committed, failed }) => [committed.length, failed[0]?.failureReason]).sort()).toEqual([
      [0, 0x0131],
      [1, undefined],
    ])
  })

  it('calls a request that the peer does not take not accepted', async () => {
    const scu = user(openCommitmentDatabase())
    const refusing = await startListener(
      {},
      { services: { commitment: { request: async () => ({ kind: 'refused', status: 0x0213, comment: 'full' }) } } },
    )
    const without = await startListener()
    cleanups.push(
      () => refusing.server.stop(),
      () => without.server.stop(),
    )
    await expect(scu.user.requestCommitment('a', nodeAt(refusing.port, 'A'), [one])).rejects.toMatchObject({
      code: 'peer-busy',
    })
    await expect(scu.user.requestCommitment('b', nodeAt(without.port, 'B'), [one])).rejects.toMatchObject({
      code: 'no-presentation-context',
    })
    await scu.user.wake()
    expect(scu.settled.map(({ destination, how }) => [destination, how])).toEqual([
      ['a', 'not-accepted'],
      ['b', 'not-accepted'],
    ])
  })

  it('gives a request up when no report comes in time', async () => {
    const clock = new ManualClock(1_000_000)
    const scu = user(openCommitmentDatabase(), { clock, limits: { reportTimeoutMs: 60_000, holdOpenMs: 0 } })
    const silent = await startListener({}, { services: { commitment: { request: async () => 'accepted' } } })
    cleanups.push(() => silent.server.stop())
    await scu.user.requestCommitment('archive', nodeAt(silent.port, 'A'), [one, two])
    await scu.user.wake()
    expect(scu.settled).toHaveLength(0)
    clock.advance(60_000)
    await scu.user.wake()
    expect(scu.settled[0]).toMatchObject({
      how: 'timed-out',
      outcomes: [{ kind: 'unanswered' }, { kind: 'unanswered' }],
    })
  })

  it('takes no report about a transaction that is not its own, and the same one twice', async () => {
    const { scu, scuListener, archive } = await nodes({ holdOpenMs: 5000 })
    const { transactionUid } = await scu.user.requestCommitment('archive', archive, [one])
    await expect.poll(() => scu.settled.length).toBe(1)
    const send = (report: CommitmentReport) =>
      sendEventReport(new AssociationRequester(), nodeAt(scuListener.port, 'MODALITY', 'ANYBODY'), report)
    expect(await send({ transactionUid, committed: [one], failed: [] })).toBe(0)
    expect(await send({ transactionUid: '2.25.1', committed: [one], failed: [] })).toBe(0x0115)
    await scu.user.wake()
    expect(scu.settled).toHaveLength(1)
  })
})

describe('storage commitment over restarts', () => {
  it('a report that the requester cannot take now goes out again', async () => {
    const answers: number[] = []
    const failing = await startListener(
      {},
      {
        services: {
          commitmentReports: {
            reported: async () => {
              answers.push(1)
              if (answers.length === 1) throw new Error('database is locked')
              return 'accepted'
            },
          },
        },
      },
    )
    cleanups.push(() => failing.server.stop())
    const clock = new ManualClock(Date.now())
    const database = openCommitmentDatabase()
    const store = new SqliteCommitmentStore(database)
    store.addReport({
      transactionUid: '2.25.5',
      requesterAeTitle: 'CT',
      requesterAddress: '127.0.0.1',
      calledAeTitle: 'ARCHIVE',
      associationId: 'gone',
      duplicate: false,
      requestedAt: clock.now(),
      nextAttemptAt: clock.now(),
      instances: [one],
    })
    const scp = provider(database, held, ({ aeTitle }) => nodeAt(failing.port, aeTitle), { clock })
    await scp.wake()
    expect([answers.length, store.countOwedReports()]).toEqual([1, 1])
    clock.advance(900_000)
    await scp.wake()
    expect([answers.length, store.countOwedReports()]).toEqual([2, 0])
  })

  it('an owed report goes out by the next process, until the requester has answered', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'leadglass-commitment-'))
    cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
    const path = join(folder, 'commitment.db')
    const reportPort = await freePort()
    const directory = ({ aeTitle }: { aeTitle: string }) => nodeAt(reportPort, aeTitle)
    const scuDatabase = openCommitmentDatabase(join(folder, 'scu.db'))
    const asking = user(scuDatabase, { limits: { holdOpenMs: 0 } })

    const firstDatabase = openCommitmentDatabase(path)
    const first = provider(firstDatabase, held, directory)
    const listener = await startListener({}, { services: { commitment: first } })
    await asking.user.requestCommitment('archive', nodeAt(listener.port, 'ARCHIVE', 'MODALITY'), [one])
    // The process dies before it has reported; so does the one that asked.
    await listener.server.stop()
    firstDatabase.close()
    scuDatabase.close()

    const clock = new ManualClock(Date.now() + 10_000)
    const secondDatabase = openCommitmentDatabase(path)
    const second = provider(secondDatabase, held, directory, { clock })
    await second.wake()
    expect(new SqliteCommitmentStore(secondDatabase).countOwedReports()).toBe(1)

    const scuAgain = openCommitmentDatabase(join(folder, 'scu.db'))
    const waiting = user(scuAgain)
    const reports = await startListener({}, { port: reportPort, services: { commitmentReports: waiting.user } })
    cleanups.push(() => reports.server.stop())
    await second.wake()
    expect(waiting.settled, 'not before the backoff is over').toHaveLength(0)
    clock.advance(900_000)
    await second.wake()
    await waiting.user.wake()
    expect(waiting.settled[0]).toMatchObject({ how: 'answered', outcomes: [{ kind: 'committed' }] })
    expect(new SqliteCommitmentStore(secondDatabase).countOwedReports()).toBe(0)
  })

  it('a report that nobody takes is given up after the time for it', async () => {
    const { scp, archive, scu, store } = await nodes({ holdOpenMs: 0, known: false, reportDelayMs: 300 })
    await scu.user.requestCommitment('archive', archive, [one])
    await expect.poll(() => scp.wake().then(() => store.dueReports(Date.now() + 86_400_000, 9)[0]?.attempts)).toBe(1)
    expect(store.countOwedReports()).toBe(1)
    const clock = new ManualClock(Date.now() + 8 * 86_400_000)
    const database = openCommitmentDatabase()
    const later = new SqliteCommitmentStore(database)
    const report = store.dueReports(clock.now(), 1)[0]
    if (report === undefined) throw new Error('no report is owed')
    later.addReport(report)
    await provider(database, held, () => undefined, { clock }).wake()
    expect(later.countOwedReports()).toBe(0)
  })
})

describe('hostile requests for commitment', () => {
  it('are answered with a status, and the association goes on', async () => {
    const { scpListener, store } = await nodes()
    const { port } = scpListener
    expect(await rawAction(port, { sopInstanceUid: '1.2.3' })).toBe(0x0112)
    expect(await rawAction(port, { actionTypeId: 2 })).toBe(0x0123)
    expect(await rawAction(port, { dataSet: Buffer.from('no data set at all') })).toBe(0x0115)
    expect(await rawAction(port, { dataSet: Buffer.alloc(0) })).toBe(0x0115)
    expect(await rawAction(port, { dataSet: Buffer.alloc(16 * 1024 ** 2 + 2) })).toBe(0x0213)
    expect(store.countOwedReports()).toBe(0)
  })

  it('beyond twice the limit are aborted', async () => {
    const { scpListener } = await nodes()
    await expect(rawAction(scpListener.port, { dataSet: Buffer.alloc(33 * 1024 ** 2) })).rejects.toThrow(
      'no answer came',
    )
  })

  it('an SCU that does not offer reports is no SCP of them: the context is refused', async () => {
    const listener = await startListener()
    cleanups.push(() => listener.server.stop())
    const association = await new AssociationRequester().requestAssociation({
      ...nodeAt(listener.port, 'A'),
      presentationContexts: [
        { abstractSyntax: STORAGE_COMMITMENT_PUSH_MODEL, transferSyntaxes: [IMPLICIT_VR_LITTLE_ENDIAN] },
      ],
    })
    expect(association.contexts).toEqual([])
    await association.release()
  })
})
