// Verifies an export of a Leadglass audit log. Needs Node 18 or later and nothing else: it reads the files that it is
// given, opens no socket, starts no process and writes nothing but its verdict.
//
//   node verify.mjs export.jsonl --keys trusted-keys.txt [--cosignatures 1] [--json]
//   node verify.mjs export.jsonl --keys trusted-keys.txt --index 12 --kept entry-12.json
//
// The second form proves that an entry somebody kept is the one that the log had, also after it was pruned.
// Trusted keys are C2SP verifier keys, one a line, from a copy kept outside the systems that are judged.
// Exit status: 0 verified, 3 whole but under no key from outside, 4 refused, 2 wrong use.
import { createHash, createPublicKey, verify } from 'node:crypto'
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import process from 'node:process'

const SCHEMA = 'leadglass.audit-export/1'
const ED25519 = 1
const COSIGNATURE = 4
const MAX_LINE = 1 << 20
const EMPTY_ROOT = sha256(Buffer.alloc(0))

class Refusal extends Error {
  constructor(reason, meaning, index = null) {
    super(meaning)
    this.reason = reason
    this.index = index
  }
}

function sha256(...parts) {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

// RFC 6962 2.1: leaves and nodes are hashed apart.
const leafHash = (leaf) => sha256(Buffer.of(0), leaf)
const nodeHash = (left, right) => sha256(Buffer.of(1), left, right)

function decode(text) {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'base64') : undefined
  if (bytes === undefined || bytes.toString('base64') !== text) throw new Refusal('malformed', 'a value is not base64')
  return bytes
}

function hashes(list) {
  if (!Array.isArray(list) || list.length > 64) throw new Refusal('malformed', 'a proof is not a list of hashes')
  return list.map((text) => {
    const bytes = decode(text)
    if (bytes.length !== 32) throw new Refusal('malformed', 'a hash does not have 32 bytes')
    return bytes
  })
}

/** C2SP signed-note verifier key: name+id+base64(type || key); the id must be its own. */
function parseKey(text) {
  const [, name, id, encoded] = /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text) ?? []
  if (name === undefined) throw new Refusal('malformed', 'a line of the keys is not a C2SP verifier key')
  const blob = decode(encoded)
  const known = blob.length === 33 && (blob[0] === ED25519 || blob[0] === COSIGNATURE)
  const own = sha256(name, '\n', blob).subarray(0, 4).toString('hex')
  if (!known || own !== id) throw new Refusal('malformed', 'a line of the keys is not a C2SP verifier key')
  const x = blob.subarray(1).toString('base64url')
  return { name, id, type: blob[0], key: createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }) }
}

/** A checkpoint note under the keys given: its claim, and which witnesses have cosigned it. */
function openCheckpoint(note, keys, origin) {
  if (typeof note !== 'string' || note.length > 65536) throw new Refusal('malformed', 'a checkpoint is not a note')
  const separator = note.lastIndexOf('\n\n')
  const text = note.slice(0, separator + 1)
  const [name, decimal, root, end, ...rest] = text.split('\n')
  const wellFormed = separator > 0 && note.endsWith('\n') && end === '' && rest.length === 0
  if (!wellFormed || !/^(?:0|[1-9][0-9]{0,15})$/.test(decimal))
    throw new Refusal('malformed', 'a checkpoint is not a note')
  if (name !== origin) throw new Refusal('unknown-origin', 'a checkpoint is of another log')
  let signed = false
  const witnesses = new Set()
  for (const line of note.slice(separator + 2, -1).split('\n')) {
    const [, signer, encoded] = /^\u2014 (\S+) (\S+)$/.exec(line) ?? []
    if (signer === undefined) throw new Refusal('malformed', 'a signature line cannot be read')
    const blob = decode(encoded)
    const id = blob.subarray(0, 4).toString('hex')
    const key = keys.find((one) => one.name === signer && one.id === id)
    if (key === undefined) continue
    if (!holds(key, text, blob.subarray(4)))
      throw new Refusal('bad-signature', `the signature of ${signer} does not hold`)
    // Whoever keeps a log is no witness of it.
    if (key.type === COSIGNATURE && signer === origin.replace(/\/audit$/, '/witness')) continue
    if (key.type === COSIGNATURE) witnesses.add(signer)
    else if (signer === origin) signed = true
  }
  if (!signed) throw new Refusal('bad-signature', 'no trusted key of this log has signed a checkpoint')
  return { size: Number(decimal), root: hashes([root])[0], witnesses: [...witnesses] }
}

function holds(key, text, signature) {
  if (key.type === ED25519) return signature.length === 64 && verify(null, Buffer.from(text), key.key, signature)
  if (signature.length !== 72) return false
  const message = `cosignature/v1\ntime ${signature.readBigUInt64BE(0)}\n${text}`
  return verify(null, Buffer.from(message), key.key, signature.subarray(8))
}

const half = (value) => Math.floor(value / 2)
const isOdd = (value) => value % 2 === 1

/** RFC 9162 2.1.3.2. */
function isIncluded(index, size, hash, proof, root) {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) return false
  let [fn, sn] = [index, size - 1]
  for (const sibling of proof) {
    if (sn === 0) return false
    if (isOdd(fn) || fn === sn) {
      hash = nodeHash(sibling, hash)
      while (!isOdd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)]
    } else hash = nodeHash(hash, sibling)
    ;[fn, sn] = [half(fn), half(sn)]
  }
  return sn === 0 && hash.equals(root)
}

/** RFC 9162 2.1.4.2, for 0 < first < second. */
function continues(first, firstRoot, second, secondRoot, proof) {
  let power = first
  while (!isOdd(power)) power = half(power)
  const path = power === 1 ? [firstRoot, ...proof] : [...proof]
  const start = path.shift()
  if (start === undefined || proof.length === 0) return false
  let [fn, sn] = [first - 1, second - 1]
  while (isOdd(fn)) [fn, sn] = [half(fn), half(sn)]
  let [one, two] = [start, start]
  for (const node of path) {
    if (sn === 0) return false
    if (isOdd(fn) || fn === sn) {
      ;[one, two] = [nodeHash(node, one), nodeHash(node, two)]
      while (!isOdd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)]
    } else two = nodeHash(two, node)
    ;[fn, sn] = [half(fn), half(sn)]
  }
  return sn === 0 && one.equals(firstRoot) && two.equals(secondRoot)
}

/** The root of a growing list of leaves in one hash a level. */
class Range {
  size = 0
  peaks = []

  append(hash) {
    for (let rest = this.size; isOdd(rest); rest = half(rest)) hash = nodeHash(this.peaks.pop(), hash)
    this.peaks.push(hash)
    this.size += 1
  }

  root() {
    return this.peaks.length === 0 ? EMPTY_ROOT : this.peaks.reduceRight((right, left) => nodeHash(left, right))
  }
}

/** Lines of a file, one object each, read piece by piece. */
function* objectsOf(path) {
  const file = openSync(path, 'r')
  try {
    const piece = Buffer.alloc(1 << 16)
    let rest = Buffer.alloc(0)
    for (let read = readSync(file, piece); read > 0; read = readSync(file, piece)) {
      rest = Buffer.concat([rest, piece.subarray(0, read)])
      let begin = 0
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, begin)) {
        yield objectOf(rest.subarray(begin, end))
        begin = end + 1
      }
      rest = rest.subarray(begin)
      if (rest.length > MAX_LINE) throw new Refusal('malformed', 'a line is too long')
    }
    if (rest.length > 0) throw new Refusal('truncated', 'the file ends within a line')
  } finally {
    closeSync(file)
  }
}

function objectOf(bytes) {
  try {
    const value = JSON.parse(bytes.toString('utf8'))
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Said below.
  }
  throw new Refusal('malformed', 'a line is not a JSON object')
}

/** Judges an export. `kept` is an entry that somebody kept: {index, leaf}. */
function judge(path, trusted, required, kept) {
  const lines = objectsOf(path)
  const head = lines.next().value
  if (head?.kind !== 'head' || head.schema !== SCHEMA || !Array.isArray(head.keys)) {
    throw new Refusal('malformed', 'the file is not an export of this version')
  }
  const keys = trusted ?? head.keys.map(parseKey)
  const marks = []
  const range = new Range()
  /** `final`: the last checkpoint; `cosigned`: the largest that enough witnesses have seen. */
  const state = {
    final: undefined,
    cosigned: undefined,
    entries: 0,
    pruned: 0,
    last: -1,
    proven: 0,
    keptHolds: false,
    ended: false,
  }
  for (const line of lines) {
    if (state.ended) throw new Refusal('malformed', 'something follows the end')
    if (line.kind === 'checkpoint' && state.final === undefined)
      takeCheckpoint(line, head, keys, marks, state, required)
    else if (line.kind === 'entry' && state.final !== undefined) takeEntry(line, head, range, marks, state, kept)
    else if (line.kind === 'end') state.ended = line.entries === state.entries
    else throw new Refusal('malformed', 'a line stands where it may not')
  }
  const short = head.scope === 'whole' && range.size !== state.final?.size
  if (!state.ended || short || state.entries !== head.entries) {
    throw new Refusal('truncated', 'entries are missing at the end', state.last + 1)
  }
  if (kept !== undefined && !state.keptHolds) throw new Refusal('not-included', 'the kept entry is not that of the log')
  return {
    verdict: trusted === undefined ? 'whole' : 'verified',
    origin: head.origin,
    scope: head.scope,
    size: state.final.size,
    root: state.final.root.toString('hex'),
    entries: state.entries,
    pruned: state.pruned,
    checkpoints: marks.length,
    cosignedBy: state.cosigned === undefined ? [] : state.cosigned.witnesses,
    cosignedSize: state.cosigned === undefined ? 0 : state.cosigned.size,
    keys: keys.map(({ name, id }) => `${name}+${id}`),
  }
}

function takeCheckpoint(line, head, keys, marks, state, required) {
  const opened = openCheckpoint(line.note, keys, head.origin)
  if (opened.size !== line.size) throw new Refusal('malformed', 'a checkpoint does not have the size it is given')
  marks.push({ ...opened, consistency: line.consistency })
  if (line.consistency !== null) return
  state.final = opened
  if (opened.size !== head.size) throw new Refusal('truncated', 'the last checkpoint is not that of the head')
  for (const mark of marks.slice(0, -1)) {
    const proof = hashes(mark.consistency)
    if (mark.size >= 1 && continues(mark.size, mark.root, opened.size, opened.root, proof)) continue
    throw new Refusal('inconsistent', 'the log does not continue one of its earlier checkpoints', mark.size)
  }
  marks.sort((a, b) => a.size - b.size)
  // A log grows after its witnesses have seen it: what counts is how far they have.
  state.cosigned = marks.filter((mark) => mark.witnesses.length >= Math.max(required, 1)).pop()
  if (required > 0 && state.cosigned === undefined) {
    throw new Refusal('not-cosigned', 'too few witnesses have cosigned the log')
  }
}

function takeEntry(line, head, range, marks, state, kept) {
  const { index } = line
  const isNext = head.scope === 'whole' ? index === range.size : Number.isSafeInteger(index) && index > state.last
  if (!isNext) throw new Refusal('gap', 'an entry is missing, added, or out of order', state.last + 1)
  const hash = line.leaf === undefined ? hashes([line.pruned])[0] : leafHash(decode(line.leaf))
  if (line.leaf === undefined) state.pruned += 1
  if (head.scope === 'whole') {
    range.append(hash)
    const mark = marks.find(({ size }) => size === range.size)
    if (mark !== undefined && !mark.root.equals(range.root())) {
      throw new Refusal('root-mismatch', 'an entry differs from what was signed', state.proven)
    }
    if (mark !== undefined) state.proven = range.size
  } else if (!isIncluded(index, state.final.size, hash, hashes(line.inclusion), state.final.root)) {
    throw new Refusal('not-included', 'an entry is not the one that the log holds at its place', index)
  }
  if (kept?.index === index) state.keptHolds = leafHash(kept.leaf).equals(hash)
  state.last = index
  state.entries += 1
}

function readArguments(given) {
  const options = { file: undefined, keys: undefined, cosignatures: 0, index: undefined, kept: undefined, json: false }
  for (let place = 0; place < given.length; place++) {
    const word = given[place]
    if (word === '--json') options.json = true
    else if (word === '--keys') options.keys = given[++place]
    else if (word === '--kept') options.kept = given[++place]
    else if (word === '--cosignatures') options.cosignatures = Number(given[++place])
    else if (word === '--index') options.index = Number(given[++place])
    else if (options.file === undefined && !word.startsWith('-')) options.file = word
    else return undefined
  }
  const complete = options.file !== undefined && (options.kept === undefined) === (options.index === undefined)
  return complete && Number.isSafeInteger(options.cosignatures) ? options : undefined
}

function main() {
  const options = readArguments(process.argv.slice(2))
  if (options === undefined) {
    process.stderr.write(
      'usage: node verify.mjs EXPORT --keys FILE [--cosignatures N] [--index N --kept FILE] [--json]\n',
    )
    return 2
  }
  const say = (verdict, words) => process.stdout.write(options.json ? `${JSON.stringify(verdict)}\n` : words)
  try {
    const trusted = options.keys === undefined ? undefined : keysOf(readFileSync(options.keys, 'utf8'))
    const kept = options.kept === undefined ? undefined : { index: options.index, leaf: readFileSync(options.kept) }
    const verdict = judge(options.file, trusted, options.cosignatures, kept)
    const { origin, entries, size, cosignedBy, cosignedSize } = verdict
    const witnesses = cosignedBy.length === 0 ? 'nobody' : `${cosignedBy.join(', ')} up to ${cosignedSize}`
    const facts = `${origin}: ${entries} of ${size} entries, cosigned by ${witnesses}.\n`
    const doubt = 'No key from outside was given: the file agrees with itself, and that proves nothing.\n'
    say(verdict, trusted === undefined ? `WHOLE ${facts}${doubt}` : `VERIFIED ${facts}`)
    return trusted === undefined ? 3 : 0
  } catch (error) {
    const refusal = error instanceof Refusal ? error : new Refusal('unreadable', 'the files cannot be read')
    const { reason, index, message: meaning } = refusal
    const place = index === null ? '' : ` (entry ${index} or after)`
    say({ verdict: 'refused', reason, index, meaning }, `REFUSED ${reason}: ${meaning}${place}.\n`)
    return 4
  }
}

function keysOf(text) {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(parseKey)
}

process.exitCode = main()
