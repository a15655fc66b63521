import type { PageCase } from './page-checks.ts'

/** Every page of the hub. */
export const HUB_PAGES: readonly PageCase[] = [
  {
    name: 'fleet',
    path: '/',
    facts: ['site-a-box-1', 'connected', 'away', 'revoked', 'chest-radiograph 1.1.0 (active)', 'nothing reported'],
    empty: 'No device is enrolled.',
  },
  {
    name: 'enrolment',
    path: '/enrolment',
    facts: ['held: in two places', 'revoked', 'may connect', 'signature verified', 'site-c-box-1'],
    empty: 'No box has joined.',
  },
  {
    name: 'device',
    path: '/devices/site-b-box-1',
    facts: [
      '1771 entries',
      'audit-inconsistent',
      'Duplicates dropped',
      '412,316,860,416',
      'decided-at-site',
      'a quieter line at night',
      'superseded',
    ],
    empty: undefined,
  },
  {
    name: 'registry',
    path: '/models',
    facts: ['chest-radiograph 1.2.0', 'partially signed', 'auc 0.949 (0.905–0.993)', 'test, n 84', 'rejected'],
    empty: 'No model yet.',
  },
  {
    name: 'version',
    path: '/models/chest-radiograph/1.2.0',
    facts: [
      'Research only, not for diagnosis.',
      'auc within AP',
      '0.922 (0.845–0.998)',
      'Technical approver',
      'Limits',
      'HTI-1 (1)(ii) Funding source: missing',
      'too few for an estimate',
      'Treatment is delayed',
      '412 labelled rows',
    ],
    empty: undefined,
  },
  {
    name: 'comparison',
    path: '/models/chest-radiograph/comparison?first=1.0.0&second=1.1.0',
    facts: ['Subgroups', 'auc within AP', 'overlap', 'Parameters', '0.010'],
    empty: undefined,
  },
  {
    name: 'approvals',
    path: '/approvals',
    facts: [
      'Still to sign: clinical-1 (clinical).',
      'still to sign',
      'Clinical approver of the fake hub',
      'published',
      'Five failed attempts',
      'hours left',
      'nothing new is published',
    ],
    empty: 'Nothing was submitted.',
  },
  {
    name: 'approval',
    path: '/approvals/0b0c7a4e-6d0c-4f0e-9a57-0f2f7c1c5b10',
    facts: ['Technical approver of the fake hub', 'review begun', 'One site only.', 'still to sign', 'Comment'],
    empty: undefined,
  },
  {
    name: 'signing keys',
    path: '/approvals/keys',
    facts: ['Clinical approver of the fake hub', 'browser', 'pending', 'Your password'],
    empty: 'No key is known.',
  },
  {
    name: 'rollouts',
    path: '/rollouts',
    facts: ['1 of 3', 'taken back or stopped at 1 site(s)', 'wrong side marked', 'safety-officer'],
    empty: 'Nothing is being rolled out.',
  },
  {
    name: 'training',
    path: '/training',
    facts: ['running, 42 %', 'stopped by gate', '2 of 3 hold', 'too few labels: 9 of at least 40'],
    empty: 'No run yet.',
  },
  {
    name: 'drift',
    path: '/drift',
    facts: ['score.pneumonia', 'major', 'too few', '0.350', '2026-10', 'site-a-box-1'],
    empty: 'No counts have left a site yet.',
  },
  {
    name: 'audit',
    path: '/audit',
    facts: ['every log', '1203', 'approval.signed', 'person technical-1', 'not readable', 'refused'],
    empty: 'No entry matches.',
  },
]
