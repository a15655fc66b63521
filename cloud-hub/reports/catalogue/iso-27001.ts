import type { Control } from '../evaluate.ts'

/** ISO/IEC 27001:2022, Annex A, by number; the words are ours. */
export const ISO_27001: readonly Control[] = [
  { clause: 'A.5.7', asks: 'Threats are known and followed.', needs: ['risk-analysis'] },
  { clause: 'A.5.15', asks: 'Rules say who may reach what.', needs: ['access-review'] },
  { clause: 'A.5.16', asks: 'Identities are managed from beginning to end.', needs: ['account-changes', 'enrolments'] },
  { clause: 'A.5.17', asks: 'Secrets for signing in are managed.', needs: ['password-age'] },
  {
    clause: 'A.5.18',
    asks: 'Rights are granted, reviewed and taken away.',
    needs: ['access-review', 'reading-review'],
  },
  { clause: 'A.5.19', asks: 'Suppliers are bound.', needs: ['agreements'] },
  { clause: 'A.5.24', asks: 'It is planned how incidents are handled.', needs: ['incident-procedure'] },
  {
    clause: 'A.5.28',
    asks: 'Evidence is collected so that it holds.',
    needs: ['hub-log', 'hub-log-witnessed', 'site-logs'],
  },
  {
    clause: 'A.5.33',
    asks: 'Records are protected from loss and alteration.',
    needs: ['log-retention', 'integrity-checks'],
  },
  { clause: 'A.5.34', asks: 'Data about persons are protected.', needs: ['deidentified', 'egress-sealed'] },
  { clause: 'A.6.3', asks: 'People know and are trained.', needs: ['staff-training'] },
  { clause: 'A.7.2', asks: 'Entry to rooms is controlled.', needs: ['physical-security'] },
  { clause: 'A.8.2', asks: 'Rights beyond the usual are few and watched.', needs: ['signing-keys', 'identity-opened'] },
  { clause: 'A.8.3', asks: 'Access to information is limited.', needs: ['access-refused', 'studies-read'] },
  { clause: 'A.8.5', asks: 'Signing in is secure.', needs: ['sign-ins', 'signing-acts'] },
  { clause: 'A.8.9', asks: 'Settings are known and controlled.', needs: ['device-state', 'settings-changed'] },
  { clause: 'A.8.10', asks: 'What is no longer needed is deleted.', needs: ['site-retention'] },
  { clause: 'A.8.11', asks: 'Data are masked.', needs: ['deidentified'] },
  { clause: 'A.8.12', asks: 'Leaks are prevented and found.', needs: ['leak-alarms', 'egress-sealed'] },
  { clause: 'A.8.13', asks: 'Backups are made and tried.', needs: ['backup-test'] },
  {
    clause: 'A.8.15',
    asks: 'Logs are made, kept and looked at.',
    needs: ['hub-recording', 'site-recording', 'log-reviewed'],
  },
  { clause: 'A.8.16', asks: 'Unusual behaviour is watched for.', needs: ['callers-refused', 'drift-watch'] },
  { clause: 'A.8.20', asks: 'Networks are secured.', needs: ['certificates', 'transmission'] },
  {
    clause: 'A.8.24',
    asks: 'Keys are managed, with their ages known.',
    needs: ['keys-in-use', 'certificates', 'signing-keys'],
  },
  { clause: 'A.8.29', asks: 'What is delivered was tested.', needs: ['test-results', 'evaluations'] },
  { clause: 'A.8.32', asks: 'Changes are controlled.', needs: ['change-plans', 'reviews'] },
]
