import type { Control } from '../evaluate.ts'

/** The breach notification rule, 45 CFR 164 subpart D, and what the HITECH Act asks around it. */
export const HITECH: readonly Control[] = [
  {
    clause: '45 CFR 164.402(2)',
    asks: 'Whether data were probably compromised is assessed by four factors.',
    needs: ['breach-cases', 'breach-words'],
  },
  {
    clause: '45 CFR 164.404(a)',
    asks: 'Persons whose data were concerned are told.',
    needs: ['breach-cases', 'breach-words'],
  },
  {
    clause: '45 CFR 164.404(b)',
    asks: 'They are told within sixty days of the discovery.',
    needs: ['breach-cases', 'breach-words'],
  },
  { clause: '45 CFR 164.408(a)', asks: 'The Secretary is told.', needs: ['breach-cases', 'breach-words'] },
  {
    clause: '45 CFR 164.410(a)(2)',
    asks: 'Discovery counts from when it could have been known: alarms are watched.',
    needs: ['leak-alarms', 'log-reviewed'],
  },
  { clause: '45 CFR 164.412', asks: 'A delay for law enforcement is kept in writing.', needs: ['breach-words'] },
  {
    clause: '45 CFR 164.414(b)',
    asks: 'It can be shown that everybody was told, or that there was no breach.',
    needs: ['breach-cases', 'site-logs'],
  },
  { clause: '45 CFR 164.530(b)', asks: 'People are trained in what to do.', needs: ['staff-training'] },
  {
    clause: 'HITECH 13402(h)',
    asks: 'What left was unreadable to others or identified nobody.',
    needs: ['deidentified', 'egress-sealed', 'disk-encryption'],
  },
  { clause: 'HITECH 13405(c)', asks: 'Disclosures are accounted for.', needs: ['studies-exported'] },
  {
    clause: 'HITECH 13412',
    asks: 'Recognised security practices were in place for the last twelve months.',
    needs: ['risk-analysis', 'access-review', 'log-reviewed'],
  },
]
