using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Tests.Experiments;

/// <summary>A working directory of one test: a dataset folder and weights whose contents do not matter, and experiment files.</summary>
internal sealed class Workspace : IDisposable
{
    public Workspace()
    {
        foreach (string name in StageFiles.IdxNames)
        {
            Write($"data/fashion-mnist/{name}", name);
        }

        foreach (string name in (string[])["encoder", "decoder", "latents", "teacher", "inception"])
        {
            Write($"data/weights/{name}.safetensors", name);
        }

        Write("base.json", Base);
    }

    public string Root { get; } = Directory.CreateTempSubdirectory("experiments").FullName;

    /// <summary>A base of pretrained stages, with the least that must be said.</summary>
    private const string Base = """
        {
          "version": 1,
          "question": "q", "expectation": "e",
          "base": {
            "dataset": { "kind": "idx", "path": "data/fashion-mnist" },
            "encoder": { "kind": "pretrained", "weights": "data/weights/encoder.safetensors" },
            "decoder": { "kind": "pretrained", "weights": "data/weights/decoder.safetensors" },
            "latents": { "kind": "pretrained", "weights": "data/weights/latents.safetensors" },
            "teacher": { "kind": "pretrained", "weights": "data/weights/teacher.safetensors" },
            "cmt": { "kind": "trajectory", "training": { "steps": 300 } },
            "meanflow": {
              "kind": "lambda", "lambda": 1, "network": {}, "time": { "kind": "uniform" },
              "derivative": { "kind": "centralDifference" }, "lossWeight": { "kind": "adaptive" },
              "training": { "steps": 400, "learningRate": 0.001 }
            },
            "sampling": {}
          },
          "evaluation": {
            "features": { "kind": "pretrained", "weights": "data/weights/inception.safetensors" },
            "metrics": [{ "kind": "fid" }, { "kind": "inceptionScore" }, { "kind": "classAccuracy" }, { "kind": "endpointError" }],
            "references": ["test", "train"]
          }
        }
        """;

    public void Write(string path, string text)
    {
        string full = Path.Combine(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }

    /// <summary>Reads an experiment that extends the base, given the rest of its keys.</summary>
    public ReadResult Read(string keys, params string[] overrides)
    {
        Write("x.json", $"{{ \"extends\": \"base.json\",\n{keys}\n}}");
        return ExperimentReader.Read("x.json", overrides, Root);
    }

    public Experiment Valid(string keys, params string[] overrides)
    {
        var result = Read(keys, overrides);
        result.Diagnostics.Should().BeEmpty();
        return result.Experiment!;
    }

    /// <summary>The only mistake.</summary>
    public Diagnostic Mistake(string keys, params string[] overrides)
    {
        var result = Read(keys, overrides);
        result.Experiment.Should().BeNull();
        return result.Diagnostics.Should().ContainSingle().Subject;
    }

    public Plan Plan(string keys, params string[] overrides) => Planner.Build(Valid(keys, overrides), FileHash.In(Root));

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
