import type { Control } from '../evaluate.ts'

/** Regulation (EU) 2016/679. */
export const GDPR: readonly Control[] = [
  {
    clause: 'GDPR Art. 5(1)(c)',
    asks: 'No more data are used than the purpose needs.',
    needs: ['egress-sealed', 'deidentified'],
  },
  {
    clause: 'GDPR Art. 5(1)(d)',
    asks: 'Wrong data are corrected, and the correction reaches what followed.',
    needs: ['corrections'],
  },
  {
    clause: 'GDPR Art. 5(1)(e)',
    asks: 'Data that identify are kept no longer than needed.',
    needs: ['site-retention'],
  },
  {
    clause: 'GDPR Art. 5(1)(f)',
    asks: 'Data are kept whole and confidential.',
    needs: ['integrity-checks', 'access-review', 'disk-encryption'],
  },
  { clause: 'GDPR Art. 5(2)', asks: 'All this can be shown.', needs: ['hub-log', 'hub-log-witnessed', 'site-logs'] },
  { clause: 'GDPR Art. 15(1)', asks: 'It can be told to whom data were disclosed.', needs: ['studies-exported'] },
  { clause: 'GDPR Art. 18', asks: 'Data can be held back from removal and use.', needs: ['site-holds'] },
  {
    clause: 'GDPR Art. 22(3)',
    asks: 'A person decides, and can decide otherwise than the model.',
    needs: ['labels', 'stops'],
  },
  {
    clause: 'GDPR Art. 25(1)',
    asks: 'Protection is built in: pseudonyms before anything leaves.',
    needs: ['deidentified', 'leak-alarms'],
  },
  { clause: 'GDPR Art. 28(3)', asks: 'Those who process on behalf are bound by contract.', needs: ['agreements'] },
  { clause: 'GDPR Art. 30', asks: 'There is a record of the processing.', needs: ['processing-record'] },
  {
    clause: 'GDPR Art. 32(1)(a)',
    asks: 'Data are pseudonymised and encrypted.',
    needs: ['deidentified', 'certificates', 'disk-encryption'],
  },
  {
    clause: 'GDPR Art. 32(1)(b)',
    asks: 'Systems stay confidential, whole, available and resilient.',
    needs: ['device-state', 'access-review'],
  },
  {
    clause: 'GDPR Art. 32(1)(c)',
    asks: 'Access comes back in time after an incident.',
    needs: ['backup-test', 'restored'],
  },
  { clause: 'GDPR Art. 32(1)(d)', asks: 'The measures are tested regularly.', needs: ['test-results', 'log-reviewed'] },
  {
    clause: 'GDPR Art. 33',
    asks: 'The authority is told of a breach within 72 hours, and each breach is documented.',
    needs: ['breach-cases', 'breach-words'],
  },
  {
    clause: 'GDPR Art. 34',
    asks: 'Persons are told of a breach that is a high risk for them.',
    needs: ['breach-words'],
  },
  { clause: 'GDPR Art. 35', asks: 'The impact on persons was assessed beforehand.', needs: ['impact-assessment'] },
]
