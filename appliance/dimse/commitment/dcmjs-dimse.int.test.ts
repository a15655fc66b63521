import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import dcmjsDimse from 'dcmjs-dimse'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
  STORAGE_COMMITMENT_INSTANCE,
  STORAGE_COMMITMENT_PUSH_MODEL,
} from '../facts/uids.ts'
import { nodeAt, openCommitmentDatabase, provider, user } from '../testing/commitment-nodes.ts'
import { startListener } from '../testing/listener.ts'
import { CR_IMAGE_STORAGE, instanceUid } from '../testing/objects.ts'

const { Client, Dataset, Scp } = dcmjsDimse
const { NActionRequest, NEventReportRequest } = dcmjsDimse.requests
const { NActionResponse, NEventReportResponse } = dcmjsDimse.responses
const { PresentationContextResult, Status } = dcmjsDimse.constants

dcmjsDimse.log.disableAll()

const HELD = instanceUid({ study: 1, series: 1, instance: 1 })
const MISSING = instanceUid({ study: 1, series: 1, instance: 404 })
const reference = (uid: string) => ({ ReferencedSOPClassUID: CR_IMAGE_STORAGE, ReferencedSOPInstanceUID: uid })
const ours = (uid: string) => ({ sopClassUid: CR_IMAGE_STORAGE, sopInstanceUid: uid })

type Elements = Record<string, unknown>

/** What the node of the other library was told and tells. */
const told: { reports: { event: number; elements: Elements }[]; requests: Elements[] } = { reports: [], requests: [] }
const behaviour = { sameAssociation: true, reportPort: 0 }

/** Their SCP: takes requests and reports, and answers a request with a report. */
class TheirNode extends Scp {
  override associationRequested(association: Parameters<InstanceType<typeof Scp>['associationRequested']>[0]): void {
    for (const { id } of association.getPresentationContexts()) {
      const context = association.getPresentationContext(id)
      const known = context
        .getTransferSyntaxUids()
        .find((syntax: string) => [IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN].includes(syntax))
      if (context.getAbstractSyntaxUid() === STORAGE_COMMITMENT_PUSH_MODEL && known !== undefined)
        context.setResult(PresentationContextResult.Accept, known)
      else context.setResult(PresentationContextResult.RejectAbstractSyntaxNotSupported)
    }
    this.sendAssociationAccept()
  }

  override nActionRequest(
    request: InstanceType<typeof NActionRequest>,
    callback: (response: InstanceType<typeof NActionResponse>) => void,
  ): void {
    const elements = request.getDataset()?.getElements() as Elements
    told.requests.push(elements)
    const response = NActionResponse.fromRequest(request)
    response.setStatus(Status.Success)
    callback(response)
    const report = reportFor(String(elements.TransactionUID))
    if (behaviour.sameAssociation) {
      setTimeout(() => {
        this.sendRequests(report)
      }, 50)
      return
    }
    const client = new Client()
    client.addRequest(report)
    client.on('networkError', () => undefined)
    setTimeout(() => {
      client.send('127.0.0.1', behaviour.reportPort, 'THEIRS', 'LEADGLASS')
    }, 50)
  }

  override nEventReportRequest(
    request: InstanceType<typeof NEventReportRequest>,
    callback: (response: InstanceType<typeof NEventReportResponse>) => void,
  ): void {
    note(request)
    const response = NEventReportResponse.fromRequest(request)
    response.setStatus(Status.Success)
    callback(response)
  }

  override associationReleaseRequested(): void {
    this.sendAssociationReleaseResponse()
  }
}

function note(request: InstanceType<typeof NEventReportRequest>): void {
  told.reports.push({ event: request.getEventTypeId(), elements: request.getDataset()?.getElements() as Elements })
}

function reportFor(transactionUid: string): InstanceType<typeof NEventReportRequest> {
  const report = new NEventReportRequest(STORAGE_COMMITMENT_PUSH_MODEL, STORAGE_COMMITMENT_INSTANCE, 2)
  report.setDataset(
    new Dataset({
      TransactionUID: transactionUid,
      ReferencedSOPSequence: [reference(HELD)],
      FailedSOPSequence: [{ ...reference(MISSING), FailureReason: 0x0112 }],
    }),
  )
  return report
}

describe('storage commitment with dcmjs-dimse', () => {
  let server: Server
  let theirPort: number
  const database = openCommitmentDatabase()
  const scu = user(openCommitmentDatabase(), { limits: { holdOpenMs: 1500 } })
  let scp: ReturnType<typeof provider>
  let listener: Awaited<ReturnType<typeof startListener>>

  beforeEach(async () => {
    told.reports.length = 0
    told.requests.length = 0
    scu.settled.length = 0
    server = createServer((socket) => {
      // Their own server would listen on every address of this machine.
      new TheirNode(socket, {})
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    theirPort = (server.address() as AddressInfo).port
    scp = provider(
      database,
      (_, uid) => (uid === HELD ? 'held' : 'not-held'),
      ({ aeTitle }) => nodeAt(theirPort, aeTitle),
      { limits: { reportDelayMs: 100 } },
    )
    listener = await startListener({}, { services: { commitment: scp, commitmentReports: scu.user } })
    behaviour.reportPort = listener.port
    await scp.start()
    await scu.user.start()
  })
  afterEach(async () => {
    await scu.user.stop()
    await scp.stop()
    await listener.server.stop()
    server.close()
  })

  it.each([
    ['on the association of the request', true],
    ['on an association of its own', false],
  ])('their SCP reports %s', async (_name, sameAssociation) => {
    behaviour.sameAssociation = sameAssociation
    const destination = nodeAt(theirPort, 'THEIRS')
    const { transactionUid } = await scu.user.requestCommitment('theirs', destination, [ours(HELD), ours(MISSING)])
    await expect.poll(() => scu.settled.length, { timeout: 10_000 }).toBe(1)
    expect(scu.settled[0]).toMatchObject({ transactionUid, how: 'answered' })
    expect(scu.settled[0]?.outcomes).toEqual([{ kind: 'committed' }, { kind: 'failed', failureReason: 0x0112 }])
    expect(told.requests).toHaveLength(1)
  })

  it.each([
    ['on the association of the request, which they hold open', 3000],
    ['on an association of its own, when theirs is over', 0],
  ])('our SCP reports to them %s', async (_name, lingerMs) => {
    const transactionUid = lingerMs === 0 ? '2.25.42' : '2.25.43'
    const request = new NActionRequest(STORAGE_COMMITMENT_PUSH_MODEL, STORAGE_COMMITMENT_INSTANCE, 1)
    request.setDataset(
      new Dataset({ TransactionUID: transactionUid, ReferencedSOPSequence: [reference(HELD), reference(MISSING)] }),
    )
    const answered: number[] = []
    request.on('response', (response: { getStatus(): number }) => answered.push(response.getStatus()))
    const client = new Client()
    client.addRequest(request)
    client.on('networkError', () => undefined)
    let onTheirAssociation = 0
    client.on(
      'nEventReportRequest',
      (
        report: InstanceType<typeof NEventReportRequest>,
        callback: (response: InstanceType<typeof NEventReportResponse>) => void,
      ) => {
        onTheirAssociation += 1
        note(report)
        const response = NEventReportResponse.fromRequest(report)
        response.setStatus(Status.Success)
        callback(response)
      },
    )
    client.send('127.0.0.1', listener.port, 'THEIRS', 'LEADGLASS', { associationLingerTimeout: lingerMs })
    await expect.poll(() => told.reports.length, { timeout: 15_000 }).toBe(1)
    expect(answered).toEqual([Status.Success])
    expect(onTheirAssociation).toBe(lingerMs === 0 ? 0 : 1)
    const [report] = told.reports
    expect(report?.event).toBe(2)
    expect(report?.elements).toMatchObject({ TransactionUID: transactionUid })
    const text = JSON.stringify(report?.elements)
    expect(text).toContain(HELD)
    expect(text).toMatch(/FailureReason[^}]*274/)
  })
})
