import { reportCatalogue, signedReport } from '../../contract/hub-api.ts'
import type { FakeRoute } from '../fake-service.ts'
import { seedVersions } from './hub-registry.ts'

const AT = '2026-11-20T08:00:00Z'
const ID = 'ab'.repeat(32)

/** A report with one control that is met and one with a gap. */
function seedReport() {
  return signedReport.parse({
    schema: 'leadglass.signed-report/1',
    digest: 'cd'.repeat(32),
    note: 'a note of the fake hub',
    report: {
      schema: 'leadglass.compliance-report/1',
      title: 'HIPAA, 45 CFR 164 (security and de-identification)',
      subject: { kind: 'framework', framework: 'hipaa' },
      period: { from: '2026-10-21T08:00:00Z', until: AT },
      madeAt: AT,
      softwareVersion: '0.1.0',
      met: 1,
      gaps: 1,
      controls: [
        { clause: '45 CFR 164.312(b)', asks: 'What happens is recorded.', status: 'met', missing: [], evidence: [ID] },
        {
          clause: '45 CFR 164.312(a)(2)(ii)',
          asks: 'There is a way to the data in an emergency.',
          status: 'gap',
          missing: ['Not visible from here: access in an emergency. To be shown at the hospital.'],
          evidence: [],
        },
      ],
      evidence: [
        {
          id: ID,
          fact: 'hub-log',
          zone: 'hub',
          source: 'hub log',
          states: 'signed checkpoint over 1204 entries',
          binding: { kind: 'record', sha256: 'ef'.repeat(32), content: { size: 1204 } },
        },
      ],
      logKeys: [],
    },
  })
}

/** The routes of reports. */
export function reportRoutes(isEmpty: () => boolean): FakeRoute[] {
  return [
    {
      method: 'GET',
      path: /^\/api\/reports$/,
      answer: () =>
        reportCatalogue.parse({
          frameworks: [
            { framework: 'hipaa', title: 'HIPAA, 45 CFR 164 (security and de-identification)', controls: 26 },
            { framework: 'gdpr', title: 'GDPR, Regulation (EU) 2016/679', controls: 18 },
          ],
          versions: isEmpty() ? [] : seedVersions().map(({ model: { name, version } }) => ({ name, version })),
          verifierKey: 'leadglass/hub/audit+00000000+AAAA',
        }),
    },
    { method: 'GET', path: /^\/api\/reports\/(?:frameworks\/[^/]+|models\/[^/]+\/[^/]+)$/, answer: () => seedReport() },
  ]
}
