import type { AnsweredContext, AssociateAccept, AssociateRequest, ProposedContext } from './associate.ts'
import { ascii, ITEM, readItems, readUid, writeItem } from './associate-items.ts'
import { MalformedPduError } from './malformed.ts'
import { PDU_TYPE } from './pdu.ts'
import { encodePdu } from './pdu-writer.ts'
import { readUserInformation, writeUserInformation } from './user-information.ts'

/** Version, reserved bytes and both titles, up to the first item (PS3.8 9.3.2, table 9-11). */
const FIXED_BYTES = 68
/** Odd numbers from 1 to 255. */
const MAX_CONTEXTS = 128

/**
 * Reads the body of A-ASSOCIATE-RQ (PS3.8 9.3.2).
 * @throws MalformedPduError for lengths that do not fit, ids that are even or double, or a context without its syntaxes.
 */
export function decodeAssociateRequest(body: Uint8Array): AssociateRequest {
  const { head, items } = readFixed(body)
  const contexts: ProposedContext[] = []
  const ids = new Set<number>()
  let applicationContext = ''
  let user = Buffer.alloc(0)
  for (const item of items) {
    if (item.type === ITEM.applicationContext) applicationContext = readUid(item.value)
    else if (item.type === ITEM.userInformation) user = Buffer.from(item.value)
    else if (item.type === ITEM.proposedContext) {
      const context = readProposedContext(item.value)
      if (ids.has(context.id)) throw new MalformedPduError('presentation context id used twice (PS3.8 9.3.2.2)')
      ids.add(context.id)
      contexts.push(context)
    }
  }
  if (contexts.length > MAX_CONTEXTS) throw new MalformedPduError('more than 128 presentation contexts')
  return { ...head, applicationContext, contexts, user: readUserInformation(user) }
}

/**
 * Reads the body of A-ASSOCIATE-AC (PS3.8 9.3.3).
 * @throws MalformedPduError for lengths that do not fit.
 */
export function decodeAssociateAccept(body: Uint8Array): AssociateAccept {
  const { head, items } = readFixed(body)
  const contexts: AnsweredContext[] = []
  let applicationContext = ''
  let user = Buffer.alloc(0)
  for (const item of items) {
    if (item.type === ITEM.applicationContext) applicationContext = readUid(item.value)
    else if (item.type === ITEM.userInformation) user = Buffer.from(item.value)
    else if (item.type === ITEM.answeredContext) contexts.push(readAnsweredContext(item.value))
  }
  return { ...head, applicationContext, contexts, user: readUserInformation(user) }
}

/** A-ASSOCIATE-RQ, whole. */
export function encodeAssociateRequest(request: AssociateRequest): Uint8Array {
  const contexts = request.contexts.map((context) =>
    writeItem(
      ITEM.proposedContext,
      Uint8Array.of(context.id, 0, 0, 0),
      writeItem(ITEM.abstractSyntax, ascii(context.abstractSyntax)),
      ...context.transferSyntaxes.map((uid) => writeItem(ITEM.transferSyntax, ascii(uid))),
    ),
  )
  return encode(PDU_TYPE.associateRequest, request, contexts)
}

/** A-ASSOCIATE-AC, whole. */
export function encodeAssociateAccept(accept: AssociateAccept): Uint8Array {
  const contexts = accept.contexts.map((context) =>
    writeItem(
      ITEM.answeredContext,
      Uint8Array.of(context.id, 0, context.result, 0),
      writeItem(ITEM.transferSyntax, ascii(context.transferSyntax)),
    ),
  )
  return encode(PDU_TYPE.associateAccept, accept, contexts)
}

function encode(type: number, pdu: AssociateRequest | AssociateAccept, contexts: readonly Buffer[]): Uint8Array {
  const head = Buffer.alloc(FIXED_BYTES)
  head.writeUInt16BE(pdu.protocolVersion, 0)
  head.write(pdu.calledAeTitle.padEnd(16), 4, 16, 'latin1')
  head.write(pdu.callingAeTitle.padEnd(16), 20, 16, 'latin1')
  const body = Buffer.concat([
    head,
    writeItem(ITEM.applicationContext, ascii(pdu.applicationContext)),
    ...contexts,
    writeUserInformation(pdu.user, type === PDU_TYPE.associateAccept),
  ])
  return encodePdu(type, body)
}

function readFixed(body: Uint8Array) {
  if (body.length < FIXED_BYTES) throw new MalformedPduError('association PDU is too short (PS3.8 9.3.2)')
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  return {
    head: {
      protocolVersion: bytes.readUInt16BE(0),
      calledAeTitle: readTitle(bytes.subarray(4, 20)),
      callingAeTitle: readTitle(bytes.subarray(20, 36)),
    },
    items: readItems(bytes.subarray(FIXED_BYTES)),
  }
}

/** PS3.8 9.3.2: leading and trailing spaces are not significant. A trailing NUL is not allowed, but occurs. */
function readTitle(bytes: Buffer): string {
  return bytes.toString('latin1').replace(/\0+$/, '').trim()
}

function readProposedContext(value: Buffer): ProposedContext {
  if (value.length < 4) throw new MalformedPduError('presentation context item is cut (PS3.8 9.3.2.2)')
  const id = readContextId(value)
  let abstractSyntax = ''
  const transferSyntaxes: string[] = []
  for (const item of readItems(value.subarray(4))) {
    if (item.type === ITEM.abstractSyntax) abstractSyntax = readUid(item.value)
    else if (item.type === ITEM.transferSyntax) transferSyntaxes.push(readUid(item.value))
  }
  if (abstractSyntax === '' || transferSyntaxes.length === 0)
    throw new MalformedPduError('presentation context without its syntaxes (PS3.8 9.3.2.2)')
  return { id, abstractSyntax, transferSyntaxes }
}

function readAnsweredContext(value: Buffer): AnsweredContext {
  if (value.length < 4) throw new MalformedPduError('presentation context item is cut (PS3.8 9.3.3.2)')
  const id = readContextId(value)
  const result = value.readUInt8(2)
  // PS3.8 9.3.3.2: when the context is rejected, the transfer syntax is not significant; some peers leave it out.
  const syntax =
    result === 0 ? readItems(value.subarray(4)).find((item) => item.type === ITEM.transferSyntax) : undefined
  return { id, result, transferSyntax: syntax === undefined ? '' : readUid(syntax.value) }
}

function readContextId(value: Buffer): number {
  const id = value.readUInt8(0)
  if (id % 2 === 0) throw new MalformedPduError('presentation context id is even (PS3.8 9.3.2.2)')
  return id
}
