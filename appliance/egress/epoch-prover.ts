import type { NoteSigner } from '@leadglass/sync-agent/audit-log'
import { type DeviceId, type EpochAnswer, type EpochRange, STREAMS } from '@leadglass/sync-agent/contract'
import { rootOfDigests, signEpochStatement, splitRange } from '@leadglass/sync-agent/exchange'
import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import type { Records, StatementRow } from '../records/index.ts'
import type { AuditSink } from './audit-sink.ts'
import type { EgressDoor } from './door.ts'
import { digestsOf } from './epoch-digests.ts'

type Span = Pick<EpochRange, 'stream' | 'from' | 'to'>

/** A closed epoch is stated when the hub has all of it, or this long after it was closed whatever the hub has. */
const SETTLE_MS = 86_400_000
/** An answer that did not come so long after the hub took the statement was lost. */
const ANSWER_MS = 60_000
/** From one minute to seventeen hours. */
const MOST_DOUBLINGS = 10
/** Epochs back from the present one that are looked at; each is stated once. */
const LOOK_BACK = 400
/** A differing range is cut into so many parts, and so many of them are followed at a time. */
const PARTS = 8
const FOLLOWED = 8
/** Ranges that one event of the log names. */
const MOST_NAMED = 16

export interface EpochProverDependencies {
  readonly records: Pick<Records, 'egress' | 'sync' | 'transaction'>
  readonly device: DeviceId
  readonly door: EgressDoor
  readonly audit: AuditSink
  readonly signer: NoteSigner
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * States to the hub what this side holds of an epoch, takes its answer, and narrows a difference down to the envelope:
 * round by round the ranges that differ are cut into eight. Every step is one transaction, and follows from the record.
 */
export class EpochProver {
  readonly #dependencies: EpochProverDependencies

  constructor(dependencies: EpochProverDependencies) {
    this.#dependencies = dependencies
  }

  /** States what is due. */
  pass(): void {
    const { records, clock } = this.#dependencies
    const now = clock.now()
    const [current, ...closed] = records.sync.epochs(LOOK_BACK)
    for (const [index, { epoch }] of closed.entries()) {
      const newest = records.sync.newestStatement(epoch)
      const closedAt = (index === 0 ? current : closed[index - 1])?.openedAt ?? now
      if (newest === undefined) {
        if (this.#isSettled(epoch) || now - closedAt >= SETTLE_MS) this.#begin(epoch, true)
      } else this.#askAgain(newest, now)
    }
    if (current !== undefined) {
      const newest = records.sync.newestStatement(current.epoch)
      if (newest !== undefined) this.#askAgain(newest, now)
    }
  }

  /**
   * States an epoch now because somebody asks: a closed one as a whole, the present one up to what the hub has
   * acknowledged.
   * @returns serial of the statement; `undefined` when there is no such epoch.
   */
  request(epoch: number): number | undefined {
    const { records } = this.#dependencies
    const [current] = records.sync.epochs(1)
    if (current === undefined || epoch < 1 || epoch > current.epoch) return undefined
    if (!records.sync.epochs(1_000_000).some((one) => one.epoch === epoch)) return undefined
    const newest = records.sync.newestStatement(epoch)
    if (newest?.verdict === 'asked') return newest.serial
    return this.#begin(epoch, epoch < current.epoch)
  }

  /** Takes an answer of the hub. Taking it twice changes nothing. In a transaction of its own or the caller's. */
  take(answer: EpochAnswer): void {
    const { records } = this.#dependencies
    const asked = records.sync.statement(answer.serial)
    if (asked === undefined || asked.epoch !== answer.epoch || asked.answeredAt !== null) return
    const ranges = JSON.parse(asked.ranges) as EpochRange[]
    if (ranges.length !== answer.ranges.length) return
    const differing = ranges.filter((range, i) => range.root !== answer.ranges[i]?.root).map(spanOf)
    records.transaction(() => this.#conclude(asked, answer, differing))
  }

  #conclude(asked: StatementRow, answer: EpochAnswer, differing: readonly Span[]): void {
    const { records, clock, logger } = this.#dependencies
    const differences = [...differing, ...answer.beyond]
    const found = { hubEnvelopes: answer.envelopes, hubRoot: answer.root, differences }
    const wide = differing.filter(({ from, to }) => to > from)
    const verdict = differences.length === 0 ? 'equal' : wide.length > 0 ? 'narrowed' : 'unequal'
    if (!records.sync.answer(asked.serial, { ...found, verdict }, clock.now())) return
    if (verdict === 'narrowed') {
      const single = differing.filter(({ from, to }) => to === from)
      const parts = wide
        .slice(0, FOLLOWED - Math.min(single.length, FOLLOWED - 1))
        .flatMap((one) => splitRange(one, PARTS))
      this.#state(asked.epoch, asked.run, false, [...single.slice(0, FOLLOWED), ...parts])
      return
    }
    if (verdict === 'unequal') logger.error('egress.epoch-unequal', { epoch: asked.epoch, ranges: differences.length })
    this.#dependencies.audit.record({
      event: 'epoch.compared',
      actor: { kind: 'system', id: 'egress' },
      subject: { kind: 'stream', id: 'all' },
      outcome: verdict === 'equal' ? 'success' : 'failure',
      codes: [`epoch-${asked.epoch}`, ...differences.slice(0, MOST_NAMED).map(codeOf)],
    })
  }

  /** True when the hub has acknowledged everything that was sealed in an epoch. */
  #isSettled(epoch: number): boolean {
    const { records } = this.#dependencies
    return records.egress.counters().every((one) => one.epoch !== epoch || one.acknowledged >= one.lastSequence)
  }

  #askAgain(newest: StatementRow, now: number): void {
    const { records } = this.#dependencies
    if (newest.verdict !== 'asked') return
    // A hub, or a transport, that never answers is asked ever more seldom.
    const patience = ANSWER_MS * 2 ** Math.min(records.sync.unanswered(newest.epoch), MOST_DOUBLINGS)
    if (now - newest.sealedAt < patience) return
    const audit = records.egress.counters().find((one) => one.epoch === newest.sealedEpoch && one.stream === 'audit')
    // While the hub has not taken it there is nothing to say again.
    if (audit === undefined || audit.acknowledged < newest.sequence) return
    records.transaction(() => {
      records.sync.giveUp(newest.serial)
      const spans = (JSON.parse(newest.ranges) as EpochRange[]).map(spanOf)
      if (newest.run === newest.serial) this.#begin(newest.epoch, newest.closed === 1)
      else this.#state(newest.epoch, newest.run, false, spans)
    })
  }

  #begin(epoch: number, closed: boolean): number {
    const { records } = this.#dependencies
    return records.transaction(() => {
      const counters = records.egress.counters().filter((one) => one.epoch === epoch)
      const spans = STREAMS.flatMap((stream) => {
        const counter = counters.find((one) => one.stream === stream)
        const to = closed ? counter?.lastSequence : counter?.acknowledged
        return to === undefined || to === 0 ? [] : [{ stream, from: 1, to }]
      })
      return this.#state(epoch, undefined, closed, spans)
    })
  }

  #state(epoch: number, run: number | undefined, closed: boolean, spans: readonly Span[]): number {
    const { records, device, door, signer, clock } = this.#dependencies
    const serial = records.sync.nextSerial()
    const own = spans.map((span) => ({ span, digests: digestsOf(records, device, epoch, span) }))
    const ranges = own.map(({ span, digests }) => ({ ...span, root: rootOfDigests(digests) }))
    const envelopes = own.reduce((sum, { digests }) => sum + digests.length, 0)
    const root = rootOfDigests(own.flatMap(({ digests }) => digests))
    const statement = { epoch, serial, run: run ?? serial, closed, envelopes, root, ranges }
    const position = door.seal(signEpochStatement(signer, statement))
    if (position === undefined) throw new Error('a statement on the audit stream is never held back')
    records.sync.insertStatement({
      ...statement,
      closed: closed ? 1 : 0,
      ranges: JSON.stringify(ranges),
      sealedEpoch: position.epoch,
      sealedAt: clock.now(),
      sequence: position.sequence,
    })
    return serial
  }
}

function spanOf({ stream, from, to }: Span): Span {
  return { stream, from, to }
}

function codeOf({ stream, from, to }: Span): string {
  return `${stream}-${from}-${to}`
}
