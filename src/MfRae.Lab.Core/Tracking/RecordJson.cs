using System.Text.Json;
using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Tracking;

/// <summary>An experiment's record as JSON. What is computed from the rest is left out; an empty bucket's extremes are infinite.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Strict,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    IgnoreReadOnlyProperties = true,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(ExperimentRecord))]
internal sealed partial class RecordJson : JsonSerializerContext;
