import type { Control } from '../evaluate.ts'

/** 45 CFR 164 subpart C (security) and the parts of subpart E that a box of this kind carries out. */
export const HIPAA: readonly Control[] = [
  { clause: '45 CFR 164.308(a)(1)(ii)(A)', asks: 'Risks to the data are analysed.', needs: ['risk-analysis'] },
  {
    clause: '45 CFR 164.308(a)(1)(ii)(D)',
    asks: 'Records of what happened in the systems are looked through regularly.',
    needs: ['log-reviewed', 'reading-review'],
  },
  {
    clause: '45 CFR 164.308(a)(3)(ii)(C)',
    asks: 'Accounts that nobody uses any more are noticed, so that access can end.',
    needs: ['access-review'],
  },
  {
    clause: '45 CFR 164.308(a)(4)(ii)(C)',
    asks: 'Who may do what is granted, reviewed and changed on the record.',
    needs: ['access-review', 'account-changes'],
  },
  { clause: '45 CFR 164.308(a)(5)(ii)(A)', asks: 'People are reminded of security.', needs: ['staff-training'] },
  {
    clause: '45 CFR 164.308(a)(5)(ii)(C)',
    asks: 'Sign-ins, and those that fail, are watched.',
    needs: ['sign-ins', 'site-sign-ins'],
  },
  { clause: '45 CFR 164.308(a)(5)(ii)(D)', asks: 'Passwords are made, changed and guarded.', needs: ['password-age'] },
  {
    clause: '45 CFR 164.308(a)(6)(ii)',
    asks: 'Incidents are found, answered and written down.',
    needs: ['incident-procedure', 'leak-alarms'],
  },
  {
    clause: '45 CFR 164.308(a)(7)(ii)(A)',
    asks: 'Copies exist from which everything comes back.',
    needs: ['backup-test'],
  },
  { clause: '45 CFR 164.308(a)(7)(ii)(B)', asks: 'What was lost can be restored.', needs: ['backup-test', 'restored'] },
  { clause: '45 CFR 164.308(b)(1)', asks: 'Those who work on behalf have given assurances.', needs: ['agreements'] },
  {
    clause: '45 CFR 164.310(a)(1)',
    asks: 'Rooms and machines are out of reach of those who may not.',
    needs: ['physical-security'],
  },
  { clause: '45 CFR 164.310(d)(2)(i)', asks: 'Data leave media for good at the end.', needs: ['site-retention'] },
  {
    clause: '45 CFR 164.312(a)(1)',
    asks: 'Only those with a right get access.',
    needs: ['access-review', 'access-refused'],
  },
  {
    clause: '45 CFR 164.312(a)(2)(i)',
    asks: 'Each person has a name of their own in the system.',
    needs: ['access-review', 'sign-ins'],
  },
  {
    clause: '45 CFR 164.312(a)(2)(ii)',
    asks: 'There is a way to the data in an emergency.',
    needs: ['emergency-access'],
  },
  { clause: '45 CFR 164.312(a)(2)(iii)', asks: 'Sessions end by themselves or by sign-out.', needs: ['sign-outs'] },
  { clause: '45 CFR 164.312(a)(2)(iv)', asks: 'Data at rest are encrypted.', needs: ['disk-encryption'] },
  {
    clause: '45 CFR 164.312(b)',
    asks: 'What happens in systems with health data is recorded and can be examined.',
    needs: ['hub-log', 'site-logs', 'site-recording', 'studies-read'],
  },
  {
    clause: '45 CFR 164.312(c)(1)',
    asks: 'Data are not altered or destroyed without anybody noticing.',
    needs: ['integrity-checks', 'hub-log-witnessed', 'site-logs'],
  },
  {
    clause: '45 CFR 164.312(d)',
    asks: 'Who asks is who they say they are.',
    needs: ['certificates', 'sign-ins', 'callers-refused'],
  },
  {
    clause: '45 CFR 164.312(e)(1)',
    asks: 'Nobody reads or changes data on the line.',
    needs: ['certificates', 'transmission'],
  },
  {
    clause: '45 CFR 164.316(b)(2)(i)',
    asks: 'What has to be documented is kept for six years.',
    needs: ['log-retention'],
  },
  {
    clause: '45 CFR 164.514(a)',
    asks: 'What counts as de-identified identifies nobody.',
    needs: ['deidentified', 'egress-sealed', 'leak-alarms'],
  },
  {
    clause: '45 CFR 164.514(c)',
    asks: 'The way back from a code is kept apart, and its use is known.',
    needs: ['identity-opened'],
  },
  { clause: '45 CFR 164.528', asks: 'It can be told to whom data were given.', needs: ['studies-exported'] },
]
