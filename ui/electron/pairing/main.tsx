import '../../shared/no-eval.ts'
import { mount } from '../../shared/mount.tsx'
import { PairingPage } from './page.tsx'

mount(<PairingPage />)
