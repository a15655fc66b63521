import type { Control } from '../evaluate.ts'

/** Trust services criteria of SOC 2, by number; the words are ours. */
export const SOC_2: readonly Control[] = [
  { clause: 'CC1.4', asks: 'People are able to do their work.', needs: ['staff-training'] },
  { clause: 'CC2.1', asks: 'Good information about the controls exists.', needs: ['hub-log', 'site-logs'] },
  { clause: 'CC3.2', asks: 'Risks are found and analysed.', needs: ['risk-analysis'] },
  { clause: 'CC4.1', asks: 'Controls are evaluated as they run.', needs: ['log-reviewed', 'test-results'] },
  { clause: 'CC6.1', asks: 'Logical access is protected.', needs: ['access-review', 'keys-in-use', 'certificates'] },
  {
    clause: 'CC6.2',
    asks: 'Users are registered before they get access, and removed after.',
    needs: ['account-changes', 'access-review'],
  },
  { clause: 'CC6.3', asks: 'Rights follow roles and are reviewed.', needs: ['access-refused', 'reading-review'] },
  { clause: 'CC6.4', asks: 'Physical access is restricted.', needs: ['physical-security'] },
  { clause: 'CC6.5', asks: 'Data are gone before protection ends.', needs: ['site-retention'] },
  { clause: 'CC6.6', asks: 'Outsiders are kept out.', needs: ['callers-refused', 'enrolments'] },
  { clause: 'CC6.7', asks: 'What moves is protected on its way.', needs: ['transmission', 'egress-sealed'] },
  { clause: 'CC6.8', asks: 'No unapproved software runs.', needs: ['approval-policy', 'published', 'device-state'] },
  { clause: 'CC7.2', asks: 'Anomalies are watched for.', needs: ['drift-watch', 'leak-alarms'] },
  {
    clause: 'CC7.3',
    asks: 'Events are judged as to whether they are incidents.',
    needs: ['leak-alarms', 'breach-cases'],
  },
  { clause: 'CC7.4', asks: 'Incidents are answered.', needs: ['incident-procedure', 'breach-words'] },
  { clause: 'CC7.5', asks: 'Operation recovers.', needs: ['backup-test', 'restored'] },
  {
    clause: 'CC8.1',
    asks: 'Changes are authorised, tested and approved.',
    needs: ['reviews', 'signatures', 'change-plans'],
  },
  { clause: 'CC9.2', asks: 'Risks of vendors are managed.', needs: ['agreements'] },
  { clause: 'A1.2', asks: 'Copies and recovery fit the need.', needs: ['backup-test'] },
  { clause: 'PI1.4', asks: 'What comes out is complete and right.', needs: ['scored', 'integrity-checks'] },
  { clause: 'C1.1', asks: 'Confidential information is identified and kept.', needs: ['deidentified', 'site-logs'] },
  { clause: 'P4.2', asks: 'Personal data are kept as long as stated.', needs: ['site-retention', 'site-holds'] },
]
