// Judges AsyncAPI documents with the public parser: node validate.mjs FOLDER_WITH_NODE_MODULES FILE...
// Prints one JSON object {file: [error, ...]}; exits 1 when there is any error. In AsyncAPI 3 the parser itself neither
// validates Avro payloads nor minds a format it does not know, so both are done here.
import {createRequire} from 'node:module';
import {join} from 'node:path';

const [folder, ...files] = process.argv.slice(2);
const require = createRequire(join(folder, 'package.json'));
const {Parser, fromFile} = require('@asyncapi/parser');
const {AvroSchemaParser} = require('@asyncapi/avro-schema-parser');

const avro = AvroSchemaParser();
const parser = new Parser();
parser.registerSchemaParser(avro);

async function errorsOf(file) {
  const {document, diagnostics} = await fromFile(parser, file).parse();
  const errors = diagnostics.filter(({severity}) => severity === 0).map(({path, message}) => `/${path.join('/')} ${message}`);
  if (!document) return errors.length ? errors : ['no document'];
  const messages = document.allMessages().all();
  if (messages.length === 0) errors.push('no messages');
  for (const message of messages) {
    const format = message.schemaFormat();
    const payload = message.json().payload ?? {};
    const original = payload['x-parser-original-payload'] ?? message.json()['x-parser-original-payload'];
    if (!avro.getMimeTypes().includes(format)) errors.push(`${message.id()}: not an Avro format the parser knows: ${format}`);
    else if (original === undefined) errors.push(`${message.id()}: no Avro payload`);
    else for (const error of (await avro.validate({data: original})) ?? []) errors.push(`${message.id()}: ${error.message}`);
  }
  return errors;
}

const result = {};
for (const file of files) result[file] = await errorsOf(file);
console.log(JSON.stringify(result));
process.exitCode = Object.values(result).some(errors => errors.length > 0) ? 1 : 0;
