using System.Text.Json;
using System.Text.Json.Serialization;

namespace MfRae.Lab.Learning.Training;

// Fields of newer versions are skipped: an unknown field is no reason to discard hours of training.
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(CheckpointRecord))]
internal sealed partial class CheckpointJson : JsonSerializerContext;
