import { createHash } from 'node:crypto'
import type { Exchange } from './exchange.ts'
import { PDU, pdusOf, type RawPdu } from './wire.ts'

/** An object that the listener said it keeps, by the digest that names it in the spool. */
export interface Acknowledged {
  readonly digest: string
  readonly sopInstanceUid: string
}

/** What a conversation shows about the listener. */
export interface ExchangeJudgement {
  /** Broken promises of PS3.7 and PS3.8; none in an orderly listener, whatever it was sent. */
  readonly problems: readonly string[]
  readonly acknowledged: readonly Acknowledged[]
  /** Answers with a status of failure. */
  readonly refused: number
  readonly end: 'abort' | 'reject' | 'release' | 'none'
}

interface Message {
  readonly contextId: number
  readonly command: ReadonlyMap<number, Buffer>
  readonly dataSet: Buffer
}

const STORE_RESPONSE = 0x8001
/** PS3.8 table 9-26: reasons of the service provider. */
const ABORT_REASONS = new Set([0, 1, 2, 4, 5, 6])

/** Reads both directions of one connection and says what the listener owes for it. */
export function judgeExchange({ sent, received, complete }: Exchange): ExchangeJudgement {
  const problems: string[] = []
  const answers = pdusOf(received)
  if (complete && answers.rest.length > 0) problems.push('the listener ended inside a PDU')
  const end = endOf(answers.pdus, problems)
  const responses = messagesOf(answers.pdus).filter(({ command }) => number(command, 0x0100) === STORE_RESPONSE)
  const { pdus: requested, rest } = pdusOf(sent)
  // A data set is whole with its last fragment, although the PDU around it may be cut.
  const cut = rest.length > 6 && rest[0] === PDU.data ? [{ type: PDU.data, body: rest.subarray(6) }] : []
  const stores = messagesOf([...requested, ...cut]).filter(({ command }) => number(command, 0x0100) === 1)
  if (responses.length > stores.length) problems.push('more C-STORE responses than whole requests')
  const contexts = contextsOf(requested[0], answers.pdus[0])
  const acknowledged: Acknowledged[] = []
  let refused = 0
  responses.forEach((response, index) => {
    const status = number(response.command, 0x0900)
    const request = stores[index]
    if (request === undefined) return
    if (number(response.command, 0x0120) !== number(request.command, 0x0110))
      problems.push('a C-STORE response names another message')
    if (status === undefined) problems.push('a response without status')
    if (status !== 0) {
      refused += 1
      return
    }
    const transferSyntax = contexts.get(request.contextId)
    if (transferSyntax === undefined) problems.push('an object was stored on a context that was not accepted')
    const sopInstanceUid = uid(request.command, 0x1000)
    const digest = createHash('sha256')
      .update(`${uid(request.command, 0x0002)}\n${sopInstanceUid}\n${transferSyntax ?? ''}\n`)
      .update(request.dataSet)
      .digest('hex')
    acknowledged.push({ digest, sopInstanceUid })
  })
  return { problems, acknowledged, refused, end }
}

function endOf(pdus: readonly RawPdu[], problems: string[]): ExchangeJudgement['end'] {
  let end: ExchangeJudgement['end'] = 'none'
  pdus.forEach(({ type, body }, index) => {
    if (end !== 'none') problems.push('the listener went on after its last PDU')
    if (type === PDU.abort) {
      // PS3.8 9.3.8: source 0 has no reason; source 2 has one of table 9-26.
      const [source, reason] = [body[2] ?? 255, body[3] ?? 255]
      if (source !== 0 && !(source === 2 && ABORT_REASONS.has(reason))) problems.push(`A-ABORT ${source}/${reason}`)
      end = 'abort'
    } else if (type === PDU.associateReject) {
      if (index !== 0) problems.push('A-ASSOCIATE-RJ in an association')
      end = 'reject'
    } else if (type === PDU.releaseResponse) end = 'release'
    else if (type === PDU.associateAccept) {
      if (index !== 0) problems.push('A-ASSOCIATE-AC twice')
    } else if (type !== PDU.data) problems.push(`the listener sent a PDU of type ${type}`)
  })
  return end
}

/** The whole messages of a stream, until its first PDV that belongs to none. */
function messagesOf(pdus: readonly RawPdu[]): Message[] {
  const messages: Message[] = []
  let command: Buffer[] = []
  let open: { contextId: number; command: Map<number, Buffer>; dataSet: Buffer[] } | undefined
  for (const { type, body } of pdus) {
    if (type !== PDU.data) continue
    for (let at = 0; at + 6 <= body.length; ) {
      const length = body.readUInt32BE(at)
      const contextId = body[at + 4] ?? 0
      const control = body[at + 5] ?? 0
      if (length < 2 || at + 4 + length > body.length) return messages
      const bytes = body.subarray(at + 6, at + 4 + length)
      at += 4 + length
      const isLast = (control & 2) !== 0
      if ((control & 1) !== 0) {
        command.push(bytes)
        if (!isLast) continue
        const values = elementsOfCommand(Buffer.concat(command))
        command = []
        if (number(values, 0x0800) === 0x0101) messages.push({ contextId, command: values, dataSet: Buffer.alloc(0) })
        else open = { contextId, command: values, dataSet: [] }
      } else if (open !== undefined) {
        open.dataSet.push(bytes)
        if (!isLast) continue
        messages.push({ ...open, dataSet: Buffer.concat(open.dataSet) })
        open = undefined
      } else return messages
    }
  }
  return messages
}

function elementsOfCommand(bytes: Buffer): Map<number, Buffer> {
  const values = new Map<number, Buffer>()
  for (let at = 0; at + 8 <= bytes.length && bytes.readUInt16LE(at) === 0; ) {
    const length = bytes.readUInt32LE(at + 4)
    if (at + 8 + length > bytes.length) break
    values.set(bytes.readUInt16LE(at + 2), bytes.subarray(at + 8, at + 8 + length))
    at += 8 + length
  }
  return values
}

/** Transfer syntax by id of each context that was accepted (PS3.8 9.3.3.2). */
function contextsOf(request: RawPdu | undefined, accept: RawPdu | undefined): Map<number, string> {
  const contexts = new Map<number, string>()
  if (request?.type !== PDU.associateRequest || accept?.type !== PDU.associateAccept) return contexts
  for (const { type, body } of itemsOf(accept.body.subarray(68))) {
    if (type !== 0x21 || body[2] !== 0) continue
    const syntax = itemsOf(body.subarray(4)).find((sub) => sub.type === 0x40)
    contexts.set(body[0] ?? 0, (syntax?.body ?? Buffer.alloc(0)).toString('latin1').replace(/\0+$/, ''))
  }
  return contexts
}

function itemsOf(bytes: Buffer): { type: number; body: Buffer }[] {
  const items: { type: number; body: Buffer }[] = []
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt16BE(at + 2)
    items.push({ type: bytes[at] ?? 0, body: bytes.subarray(at + 4, at + 4 + length) })
    at += 4 + length
  }
  return items
}

function number(command: ReadonlyMap<number, Buffer>, element: number): number | undefined {
  const value = command.get(element)
  return value?.length === 2 ? value.readUInt16LE(0) : undefined
}

function uid(command: ReadonlyMap<number, Buffer>, element: number): string {
  return (command.get(element)?.toString('latin1') ?? '').replace(/\0+$/, '').trim()
}
