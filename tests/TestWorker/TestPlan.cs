using System.Security.Cryptography;
using System.Text;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.TestWorker;

/// <summary>Plans of counting stages. Keys depend only on names.</summary>
public static class TestPlan
{
    /// <summary>A stage whose definition is a <see cref="Script"/>.</summary>
    public static StageNode Stage(string name, string script, params StageNode[] inputs) => new(
        KeyOf(name),
        "reference",
        name,
        new ReferenceStage(script),
        null,
        inputs.ToDictionary(input => input.Label, input => input.Key));

    public static Plan Of(params StageNode[] stages) => new(
        new("test", "test.json", "", "", "sum", [], [], new(new PretrainedFeatureOptions("none"), [], ["test"]), []),
        stages,
        [],
        KeyOf("plan"));

    /// <summary>Stages `1`, `2`, …, each an input of the next stage.</summary>
    public static Plan Chain(params string[] scripts)
    {
        var stages = new List<StageNode>();
        foreach (var script in scripts)
        {
            stages.Add(Stage($"{stages.Count + 1}", script, [.. stages.TakeLast(1)]));
        }

        return Of([.. stages]);
    }

    public static string KeyOf(string name) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)));
}
