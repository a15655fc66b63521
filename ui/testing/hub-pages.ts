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
    name: 'device',
    path: '/devices/site-b-box-1',
    facts: ['1771 entries', 'audit-inconsistent', 'Duplicates dropped', '412,316,860,416'],
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
    ],
    empty: undefined,
  },
  {
    name: 'approvals',
    path: '/approvals',
    facts: ['Still to sign: clinical-1 (clinical).', 'still to sign', 'Clinical approver of the fake hub', 'published'],
    empty: 'Nothing was submitted.',
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
