/** A small image for tests: every shape that a real one has, with layers of a few bytes. */

import { createBlob, WASM_LAYER } from './descriptor.ts';
import { assembleImage, type Image, type ImageRecipe } from './image.ts';
import { createLayer } from './layer.ts';
import type { Layout } from './layout.ts';

export const SAMPLE_MODULE = Buffer.from('0061736d0d0001', 'hex');

export async function putSampleImage(layout: Layout, service = 'greeter', code = SAMPLE_MODULE): Promise<Image> {
  const module = createBlob(WASM_LAYER, code);
  const app = await createLayer('app', [{ kind: 'file', path: 'app.wasm', content: code, executable: true }]);
  const amd64 = await createLayer('runtime', [{ kind: 'file', path: 'bin/x', content: Buffer.from('amd64') }]);
  const arm64 = await createLayer('runtime', [{ kind: 'file', path: 'bin/x', content: Buffer.from('arm64') }]);
  const linux = {
    entrypoint: ['/bin/x'],
    environment: { PATH: '/bin' },
    port: 8080,
    user: '65532:65532',
  };
  const recipe: ImageRecipe = {
    service,
    created: '1970-01-01T00:00:00Z',
    children: [
      { platform: { os: 'linux', architecture: 'amd64' }, layers: [amd64, app], ...linux },
      { platform: { os: 'linux', architecture: 'arm64' }, layers: [arm64, app], ...linux },
      {
        platform: { os: 'wasi', architecture: 'wasm' },
        layers: [app],
        entrypoint: ['/app.wasm'],
        annotations: { 'module.wasm.image/variant': 'compat-smart' },
      },
    ],
    artifact: {
      module: module.descriptor,
      component: {
        imports: ['wasi:io/poll@0.2.0'],
        exports: ['wasi:http/incoming-handler@0.2.0'],
        target: 'wasi:http/proxy',
      },
    },
  };
  const image = assembleImage(recipe);
  for (const { bytes } of [module, app, amd64, arm64, ...image.documents]) layout.put(bytes);
  return image;
}
