using System.Text.Json;
using System.Text.Json.Serialization;
using MfRae.Lab.Core.Exchange;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Core;

/// <summary>The one serialiser context. Strict: unknown, duplicate, null and missing properties are errors.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Strict,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    AllowOutOfOrderMetadataProperties = true,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    NumberHandling = JsonNumberHandling.Strict)]
[JsonSerializable(typeof(LabOptions))]
[JsonSerializable(typeof(EvaluationOptions))]
[JsonSerializable(typeof(StageDefinition))]
[JsonSerializable(typeof(StageSpec))]
[JsonSerializable(typeof(JournalLine))]
[JsonSerializable(typeof(Manifest))]
[JsonSerializable(typeof(Lease))]
[JsonSerializable(typeof(PlanRecord))]
[JsonSerializable(typeof(Marks))]
[JsonSerializable(typeof(CapsuleIndex))]
[JsonSerializable(typeof(ExportIndex))]
[JsonSerializable(typeof(DitOptions))]
[JsonSerializable(typeof(VitOptions))]
[JsonSerializable(typeof(DecoderNetworkOptions))]
[JsonSerializable(typeof(Dinov2Options))]
[JsonSerializable(typeof(MaeDecoderOptions))]
[JsonSerializable(typeof(Dictionary<string, string>))]
public sealed partial class LabJson : JsonSerializerContext;
