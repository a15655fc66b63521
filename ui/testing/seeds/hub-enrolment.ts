import {
  actDone,
  type DesiredHistory,
  type DeviceState,
  desiredEditRequest,
  desiredHistory,
  desiredQueued,
  type EnrolmentList,
  enrolmentList,
  invitation,
} from '../../contract/hub-api.ts'
import { FakeFailure, type FakeRoute } from '../fake-service.ts'
import { hex, minutesAgo } from './common.ts'

const DAY_MINUTES = 1440
const ANCHORS = {
  root: hex('root', 64),
  policy: hex('policy', 64),
  desiredKey: hex('key', 64),
  all: hex('anchors', 64),
}

/** A one-time code as the fake hub makes it. */
export const SEED_CODE = '7K3M-0QZ4-R8VT-2HXC'

type Identity = EnrolmentList['devices'][number]

const one = (device: string, members: Partial<Identity> = {}): Identity => ({
  device,
  enrolledAt: minutesAgo(8 * DAY_MINUTES),
  notAfter: minutesAgo(-7300 * DAY_MINUTES),
  heldAt: null,
  heldReason: null,
  revokedAt: null,
  readsSignatures: true,
  ...members,
})

/** Wishes of every box of the fake hub; a new one is queued on top. */
export class WishSeeds {
  readonly #documents: DeviceState['documents'][number][] = [
    document(3, { schedules: { 'sync.bytesPerSecond': 250_000 }, rules: {} }, 'rejected', null),
    document(2, { schedules: { 'sync.bytesPerSecond': 500_000 } }, 'expired', 'superseded'),
    document(1, { schedules: { 'retention.windowMinutes': 30 } }, 'applied', null),
  ]
  readonly #edits: DesiredHistory['edits'][number][] = [
    {
      id: 1,
      sections: { schedules: { 'sync.bytesPerSecond': 250_000 } },
      expiresAt: null,
      author: 'mlops-1',
      reason: 'a quieter line at night',
      at: minutesAgo(90),
    },
  ]

  state(device: string): DeviceState {
    return {
      device,
      groups: ['night-shift'],
      documents: [...this.#documents],
      reported: { version: 12, chain: hex('chain', 64), at: minutesAgo(2), refusal: null, state: {} },
      differences: [
        { section: 'schedules', state: 'applied', reason: null },
        { section: 'rules', state: 'local', reason: 'decided-at-site' },
      ],
    }
  }

  history(): DesiredHistory {
    return { edits: [...this.#edits] }
  }

  /** Takes an edit as the hub does. */
  wish(body: unknown, author: string): void {
    const { sections, reason, expiresAt } = desiredEditRequest.parse(body)
    this.#documents.unshift(document(this.#documents.length + 1, sections, 'queued', null))
    this.#edits.unshift({ id: this.#edits.length + 1, sections, expiresAt, author, reason, at: minutesAgo(0) })
  }
}

function document(
  version: number,
  sections: unknown,
  state: DeviceState['documents'][number]['state'],
  reason: string | null,
): DeviceState['documents'][number] {
  const isOpen = state === 'queued'
  return {
    version,
    digest: hex(`document-${version}`, 64),
    sections,
    expiresAt: null,
    signed: true,
    state,
    reason,
    queuedAt: minutesAgo(100 - version),
    deliveredAt: isOpen ? null : minutesAgo(95 - version),
    endedAt: isOpen ? null : minutesAgo(94 - version),
  }
}

/** Enrolment and wishes of the fake hub; only the role mlops may act. */
export function enrolmentRoutes(isEmpty: () => boolean, wishes: WishSeeds): FakeRoute[] {
  const devices = [
    one('site-a-box-1'),
    one('site-b-box-1', { heldAt: minutesAgo(40), heldReason: 'boot.conflict' }),
    one('site-c-box-1', { revokedAt: minutesAgo(3 * DAY_MINUTES), readsSignatures: false }),
  ]
  const waiting: EnrolmentList['invitations'] = [{ device: 'site-d-box-1', expiresAt: minutesAgo(-30) }]
  const found = (name: string | undefined): number => {
    const place = devices.findIndex(({ device }) => device === name)
    if (place < 0) throw new FakeFailure(404, 'not-found')
    return place
  }
  const assertMaker = (account: string): void => {
    if (account !== 'mlops') throw new FakeFailure(403, 'not-allowed')
  }
  const change = (name: string | undefined, members: Partial<Identity>): unknown => {
    const place = found(name)
    const before = devices[place]
    if (before !== undefined) devices[place] = { ...before, ...members }
    return actDone.parse({ done: true })
  }
  return [
    {
      method: 'GET',
      path: /^\/api\/enrolment$/,
      answer: () =>
        enrolmentList.parse({
          authorityFingerprint: hex('authority', 64),
          anchors: ANCHORS,
          devices: isEmpty() ? [] : devices,
          invitations: isEmpty() ? [] : waiting,
        }),
    },
    {
      method: 'POST',
      path: /^\/api\/devices\/([^/]+)\/invitation$/,
      answer: ({ params: [device = ''], account }) => {
        assertMaker(account)
        const expiresAt = minutesAgo(-60)
        waiting.push({ device, expiresAt })
        return invitation.parse({
          device,
          code: SEED_CODE,
          expiresAt,
          authorityFingerprint: hex('authority', 64),
          anchors: ANCHORS,
        })
      },
    },
    {
      method: 'POST',
      path: /^\/api\/devices\/([^/]+)\/release$/,
      answer: ({ params, account }) => {
        assertMaker(account)
        return change(params[0], { heldAt: null, heldReason: null })
      },
    },
    {
      method: 'POST',
      path: /^\/api\/devices\/([^/]+)\/revocation$/,
      answer: ({ params, account }) => {
        assertMaker(account)
        return change(params[0], { revokedAt: minutesAgo(0) })
      },
    },
    {
      method: 'GET',
      path: /^\/api\/fleet\/desired\/history$/,
      answer: () => desiredHistory.parse(wishes.history()),
    },
    {
      method: 'POST',
      path: /^\/api\/fleet\/desired$/,
      answer: ({ body, account }) => {
        assertMaker(account)
        wishes.wish(body, account)
        return desiredQueued.parse({ devices: ['site-b-box-1'] })
      },
    },
  ]
}
