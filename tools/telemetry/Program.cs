using NexStream.Driver.Observability;
using NexStream.Telemetry;
using OpenTelemetry;
using OpenTelemetry.Metrics;

// Shows every metric of NexStream through OpenTelemetry's console exporter: dotnet run -c Release --project tools/telemetry
using var session = new Session();
using MeterProvider provider = Sdk.CreateMeterProviderBuilder().AddMeter(NexStreamMeter.MeterName).AddConsoleExporter().Build();
session.Run(() => provider.ForceFlush());
