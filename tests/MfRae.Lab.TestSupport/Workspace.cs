using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.TestSupport;

/// <summary>A working directory of one test: a dataset folder and weights whose contents do not matter, and experiment files.</summary>
public sealed class Workspace : IDisposable
{
    public Workspace()
    {
        foreach (string name in IdxDatasetOptions.FileNames)
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

    /// <summary>Writes a safetensors file of metadata and of tensors full of zeros.</summary>
    public void WriteWeights(string path, Dictionary<string, string> metadata, params (string Name, long[] Shape)[] tensors)
    {
        var header = new JsonObject();
        if (metadata.Count > 0)
        {
            header["__metadata__"] = JsonSerializer.SerializeToNode(metadata);
        }

        long offset = 0;
        foreach (var (name, shape) in tensors)
        {
            long end = offset + (4 * shape.Aggregate(1L, (product, size) => product * size));
            header[name] = new JsonObject
            {
                ["dtype"] = "F32",
                ["shape"] = JsonSerializer.SerializeToNode(shape),
                ["data_offsets"] = new JsonArray(offset, end),
            };
            offset = end;
        }

        byte[] text = JsonSerializer.SerializeToUtf8Bytes(header);
        Write(path, "");
        using var file = File.Create(Path.Combine(Root, path));
        file.Write(BitConverter.GetBytes((long)text.Length));
        file.Write(text);
        file.SetLength(8 + text.Length + offset);
    }

    /// <summary>Writes an IDX dataset of one black image for each label; the last class has no test image.</summary>
    public void WriteIdx(string folder, int rows, int columns, int classes, int testRows = 0)
    {
        Write($"{folder}/{IdxDatasetOptions.FileNames[0]}", "");
        Pack(folder, 0, [classes, rows, columns], new byte[classes * rows * columns]);
        Pack(folder, 1, [classes], [.. Enumerable.Range(0, classes).Select(label => (byte)label)]);
        Pack(folder, 2, [1, testRows > 0 ? testRows : rows, columns], new byte[(testRows > 0 ? testRows : rows) * columns]);
        Pack(folder, 3, [1], [0]);
    }

    private void Pack(string folder, int file, int[] sizes, byte[] values)
    {
        using var stream = new GZipStream(File.Create(Path.Combine(Root, folder, IdxDatasetOptions.FileNames[file])), CompressionLevel.Fastest);
        stream.Write([0, 0, 8, (byte)sizes.Length]);
        foreach (int size in sizes)
        {
            stream.Write(BitConverter.GetBytes(size).Reverse().ToArray());
        }

        stream.Write(values);
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
