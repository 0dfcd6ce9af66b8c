// Sends calls through a stock exporter: node send.mjs proto|http|grpc ENDPOINT CALLS
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';

const [encoding, url, calls] = process.argv.slice(2);
const { OTLPTraceExporter } = await import(`@opentelemetry/exporter-trace-otlp-${encoding}`);
const provider = new BasicTracerProvider({
  resource: resourceFromAttributes({ 'service.name': 'checkout-js' }),
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url, compression: 'gzip' }))],
});
const tracer = provider.getTracer('spanledger');
for (let number = 0; number < Number(calls); number += 1) {
  tracer
    .startSpan('chat claude-sonnet-4-6', {
      kind: 2,
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'anthropic',
        'gen_ai.request.model': 'claude-sonnet-4-6',
        'gen_ai.response.model': 'claude-sonnet-4-6',
        'gen_ai.response.id': `msg_js_${encoding}_${number}`,
        'gen_ai.usage.input_tokens': 1000,
        'gen_ai.usage.output_tokens': 100,
        'spanledger.outcome': 'completed',
      },
    })
    .end();
}
await provider.forceFlush();
await provider.shutdown();
