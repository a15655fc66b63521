/** The runtime for which the libraries below were built; they fit no other. */
export const RUNTIME_VERSION = '1.30.0'

/** The libraries by which the runtime reaches a graphics card. */
export const LIBRARIES = [
  'libonnxruntime_providers_shared.so',
  'libonnxruntime_providers_cuda.so',
  'libonnxruntime_providers_tensorrt.so',
] as const
export type LibraryName = (typeof LIBRARIES)[number]

/** A published file that holds the libraries. */
export interface PinnedArchive {
  /** Its name where it is published. */
  readonly file: string
  readonly sha256: string
  /** Major version of CUDA that its libraries are linked against. */
  readonly cuda: number
  /** SHA-256 of each library within it. */
  readonly libraries: Readonly<Record<LibraryName, string>>
}

/**
 * What was fetched from its index and hashed when this version was made. NuGet's package of the same version is not here:
 * its hash could not be had from a source that this project can name, so whoever brings it brings the hash as well.
 */
export const PINNED_ARCHIVES: readonly PinnedArchive[] = [
  {
    file: 'onnxruntime_gpu-1.30.0-cp312-cp312-manylinux_2_28_x86_64.whl',
    sha256: '6acc0f4b3d5ac5f2984432faa59dd8fcce6775f8b43a7140afa0f322c7a703b1',
    cuda: 13,
    libraries: {
      'libonnxruntime_providers_shared.so': '086ec1d5388f64153d9c63470d126693db9a182c8ce236d3a1119068471b8a0d',
      'libonnxruntime_providers_cuda.so': '35da2e7ed0dd0d1aec5cdb16ce11a51d06c0c48cf62d1b1c9332946a4fae14fc',
      'libonnxruntime_providers_tensorrt.so': '4365c6412845f42d7de138055ad3dcff5d0fbca2d748e30e8a04aa3ab0643337',
    },
  },
]
