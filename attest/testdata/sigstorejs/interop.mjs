// verify BUNDLE KEY.pub: verify a bundle with a DSSE envelope with sigstore-js.
// sign PAYLOAD KEY.pem: sign a statement with sigstore-js, and print the bundle.
import { createHash, createPublicKey, sign as cryptoSign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { bundleFromJSON, bundleToJSON } from '@sigstore/bundle';
import { DSSEBundleBuilder } from '@sigstore/sign';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';

const [, , verb, file, keyFile] = process.argv;
const pem = readFileSync(keyFile, 'utf8');
const hint = key => createHash('sha256').update(key.export({ type: 'spki', format: 'der' })).digest('base64');

if (verb === 'verify') {
  const bundle = bundleFromJSON(JSON.parse(readFileSync(file, 'utf8')));
  const key = createPublicKey(pem);
  const root = { mediaType: '', tlogs: [], certificateAuthorities: [], ctlogs: [], timestampAuthorities: [] };
  const material = toTrustMaterial(root, wanted => {
    if (wanted !== hint(key)) throw new Error(`the bundle names key ${wanted}`);
    return { publicKey: key, validFor: () => true };
  });
  const verifier = new Verifier(material, { tlogThreshold: 0, ctlogThreshold: 0, tsaThreshold: 0, timestampThreshold: 0 });
  verifier.verify(toSignedEntity(bundle));
  console.log('verified');
} else {
  const key = createPublicKey(pem);
  const signer = {
    sign: async data => ({ signature: cryptoSign('sha256', data, pem), key: { $case: 'publicKey', publicKey: pem, hint: hint(key) } }),
  };
  const builder = new DSSEBundleBuilder({ signer, witnesses: [] });
  const bundle = await builder.create({ data: readFileSync(file), type: 'application/vnd.in-toto+json' });
  console.log(JSON.stringify(bundleToJSON(bundle)));
}
