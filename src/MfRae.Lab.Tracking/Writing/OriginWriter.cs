using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Tracking.Writing;

/// <summary>Notes what an attempt was computed with; what many attempts share is there once.</summary>
internal sealed class OriginWriter(Writer writer)
{
    public void Write(long attempt, AttemptOrigin origin)
    {
        var environment = new
        {
            origin.Tool,
            origin.System,
            origin.Runtime,
            origin.Numerics,
            origin.Processor,
            accelerators = JsonSerializer.Serialize(origin.Accelerators, LabJson.Default.IReadOnlyListString),
            packages = Sorted(origin.Packages),
        };
        writer.Execute(
            """
            INSERT INTO environment (tool, system, runtime, numerics, processor, accelerators, packages)
            VALUES (@Tool, @System, @Runtime, @Numerics, @Processor, @accelerators, @packages)
            ON CONFLICT DO NOTHING
            """,
            environment);
        var id = writer.Scalar<long>(
            """
            SELECT id FROM environment
            WHERE (tool, system, runtime, numerics, processor, accelerators, packages)
              = (@Tool, @System, @Runtime, @Numerics, @Processor, @accelerators, @packages)
            """,
            environment);
        writer.Execute(
            """
            UPDATE attempt SET environment = @id, command = @Command, source_commit = @Commit, source_patch = @Patch, files = @files,
              devices = @Devices, flops = @flops
            WHERE id = @attempt
            """,
            new
            {
                id,
                origin.Run?.Command,
                origin.Run?.Commit,
                origin.Run?.Patch,
                files = Sorted(origin.Files),
                origin.Devices,
                flops = origin.Flops is { } value && double.IsFinite(value) ? value : (double?)null,
                attempt,
            });
    }

    private static string Sorted(IReadOnlyDictionary<string, string> pairs) => JsonSerializer.Serialize(
        pairs.OrderBy(pair => pair.Key, StringComparer.Ordinal).ToDictionary(), LabJson.Default.DictionaryStringString);
}
