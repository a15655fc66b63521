import {
  anchorsConfirmation,
  desiredStateView,
  type EnrolmentView,
  enrolmentView,
  joinAsked,
  joinHubRequest,
} from '../../contract/local-api.ts'
import { FakeFailure, type FakeRoute } from '../fake-service.ts'
import { hex, minutesAgo } from './common.ts'

const OFFERED = hex('anchors', 64)

/** The way to the hub of the fake appliance. A code that begins with 0 is refused by its hub. */
export function enrolmentRoutes(isEmpty: () => boolean): FakeRoute[] {
  let view: EnrolmentView = {
    device: 'box-of-the-fake-site',
    agent: {
      hubUrl: 'mqtts://hub.example:11115',
      certificate: {
        notAfter: minutesAgo(-30_000),
        renewalAt: minutesAgo(-12_000),
        authorityFingerprint: hex('authority', 64),
      },
      problem: {
        code: 'hub-unreachable',
        message: 'the hub does not answer at its port for devices',
        nextStep: 'check address, network and clock',
      },
      join: null,
      at: minutesAgo(1),
    },
    anchors: 'to-be-confirmed',
    offered: OFFERED,
    pinned: { root: null, policy: null, desiredKey: null },
  }
  const nothing: EnrolmentView = { ...view, agent: null, anchors: 'none', offered: null }
  const assertAdministrator = (account: string): void => {
    if (account !== 'site-admin') throw new FakeFailure(403, 'not-allowed')
  }
  return [
    { method: 'GET', path: /^\/api\/enrolment$/, answer: () => enrolmentView.parse(isEmpty() ? nothing : view) },
    {
      method: 'GET',
      path: /^\/api\/desired-state$/,
      answer: () =>
        desiredStateView.parse(
          isEmpty()
            ? { hubMayDecide: [], document: null, refused: null, unsigned: false }
            : {
                hubMayDecide: ['schedules', 'assignments'],
                unsigned: false,
                document: {
                  version: 7,
                  state: 'rejected',
                  expiresAt: null,
                  changedAt: minutesAgo(8),
                  parts: [
                    { section: 'schedules', state: 'applied', reason: null, wish: { 'sync.bytesPerSecond': 250_000 } },
                    { section: 'command', state: 'local', reason: 'decided-at-site', wish: { act: 'restart-workers' } },
                  ],
                },
                refused: { version: 8, code: 'desired-signature', at: minutesAgo(3) },
              },
        ),
    },
    {
      method: 'POST',
      path: /^\/api\/enrolment\/join$/,
      answer: ({ body, account }) => {
        assertAdministrator(account)
        const { hubUrl, code } = joinHubRequest.parse(body)
        if (view.agent === null) throw new FakeFailure(409, 'agent-silent')
        const problem = {
          code: 'invitation-expired',
          message: 'the time of this code is over',
          nextStep: 'make a new code',
        }
        const join = code.startsWith('0')
          ? { state: 'refused' as const, problem, at: minutesAgo(0) }
          : { state: 'joined' as const, problem: null, at: minutesAgo(0) }
        view = {
          ...view,
          agent: { ...view.agent, hubUrl, join, problem: join.state === 'joined' ? null : view.agent.problem },
        }
        return joinAsked.parse({ id: 'wish' })
      },
    },
    {
      method: 'POST',
      path: /^\/api\/enrolment\/anchors$/,
      answer: ({ body, account }) => {
        assertAdministrator(account)
        if (anchorsConfirmation.parse(body).fingerprint !== OFFERED) throw new FakeFailure(409, 'anchors-other')
        const pinned = { root: hex('root', 64), policy: hex('policy', 64), desiredKey: hex('key', 64) }
        view = { ...view, anchors: 'same', pinned }
        return view
      },
    },
  ]
}
