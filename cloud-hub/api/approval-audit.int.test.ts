import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeEvent, type RecordedAuditEvent } from '@leadglass/sync-agent/audit-log'
import { approvalSummary, importAnswer, logExport } from '@leadglass/ui/contract/hub-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { initialiseHub } from '../commands.ts'
import { holdTestCeremony } from '../testing/ceremony.ts'
import { HubProcess } from '../testing/hub-process.ts'

const PACKAGE = join(import.meta.dirname, '..', '..', 'models', 'packages', 'chest-radiograph', '1.0.0')
const CLINICAL = 'clinical-approver'

describe('an approval, and what the log of the running hub says about it', () => {
  let folder: string
  let hub: HubProcess
  let clinical: Record<string, string>
  let submission: object
  let approval: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hub-approvals-'))
    const ceremony = await holdTestCeremony(folder)
    const approvers = ceremony.approvers.map(({ person, role, printedName, publicKey }) => ({
      person,
      role,
      printedName,
      publicKey,
    }))
    const made = await initialiseHub({ folder, names: ['localhost'], policy: ceremony.policy, approvers })
    hub = await HubProcess.start(folder)
    const page = { 'x-leadglass-page': '1' }
    const password = made.accounts.find(({ account }) => account === CLINICAL)?.password
    const answer = await hub.request('POST', '/api/session', { account: CLINICAL, password }, page)
    clinical = { ...page, cookie: (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '' }
    const { model } = importAnswer.parse(await hub.post('/api/models/import', { folder: PACKAGE }))
    expect((await log()).at(-2)).toMatchObject({ event: 'model.registered', actor: { id: 'operator' } })
    const signoffs = approvers.map(({ person, role }) => ({ person, role }))
    submission = { name: model.name, version: model.version, signoffs }
  }, 60_000)
  afterAll(async () => {
    await hub.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const log = async (): Promise<RecordedAuditEvent[]> =>
    logExport
      .parse(await hub.get('/api/audit/export'))
      .leaves.flatMap((leaf) => decodeEvent(Buffer.from(leaf, 'base64')) ?? [])
  /** What the log says of the approval that the act is about, since before it. */
  const act = async (what: () => Promise<Response>): Promise<{ status: number; said: string[] }> => {
    const before = (await log()).length
    const answer = await what()
    if (answer.status === 201) approval = approvalSummary.parse(await answer.json()).approval
    const said = (await log())
      .slice(before)
      .filter(({ subject }) => subject?.kind === 'approval' && subject.id === approval)
      .map(({ event, outcome, actor, codes }) => [event, outcome, actor.id, ...codes].join(' '))
    return { status: answer.status, said }
  }
  const submit = (previous?: string) =>
    act(() => hub.request('POST', '/api/approvals', previous === undefined ? submission : { ...submission, previous }))
  const asClinical = (path: string, body: object) =>
    act(() => hub.request('POST', `/api/approvals/${approval}/${path}`, body, clinical))

  it('names who put it forward, reviewed it, spoke, and sent it back', async () => {
    expect(await submit()).toEqual({ status: 201, said: ['approval.submitted success operator'] })
    const words = { words: 'I begin.', replyTo: null }
    expect((await asClinical('review', words)).said).toEqual([`approval.reviewed success ${CLINICAL}`])
    expect((await asClinical('comments', words)).said).toEqual([`approval.commented success ${CLINICAL}`])
    const sentBack = await asClinical('changes', { reason: 'say more' })
    expect(sentBack).toEqual({ status: 200, said: [`approval.changes-requested success ${CLINICAL}`] })
    expect((await asClinical('changes', { reason: 'again' })).said).toEqual([
      `approval.changes-requested refused ${CLINICAL} wrong-state`,
    ])
  })

  it('names who declined, and who took it back', async () => {
    expect((await submit(approval)).said).toEqual(['approval.submitted success operator'])
    expect((await asClinical('rejection', { reason: 'too few cases' })).said).toEqual([
      `approval.refused success ${CLINICAL}`,
    ])
    expect((await submit()).said).toEqual(['approval.submitted success operator'])
    const withdrawn = await act(() => hub.request('DELETE', `/api/approvals/${approval}`))
    expect(withdrawn.said).toEqual(['approval.withdrawn success operator'])
  })
})
