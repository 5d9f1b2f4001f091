using System.Text.RegularExpressions;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Core.Tests.Experiments;

/// <summary>Checks that the shapes of stages fit, from options and file headers, before anything runs.</summary>
public sealed class NetworkRulesTests : IDisposable
{
    private const string Vit = """{"width":96,"depth":5,"heads":4,"mlpRatio":4}""";
    private const string Rae = """{"width":128,"depth":3,"heads":4,"mlpRatio":4,"channels":16}""";
    private const string Dit =
        """{"trunkWidth":96,"trunkDepth":4,"trunkHeads":4,"headWidth":128,"headDepth":1,"headHeads":4,"mlpRatio":4}""";

    // A folder of 64×64 colour images in two classes, and networks of the lab for them.
    private const string Colour = """
        "dataset": { "kind": "imageFolder", "path": "data/images", "size": 64, "classes": 2 },
        "encoder": { "kind": "pretrained", "weights": "colour/encoder.safetensors" },
        "decoder": { "kind": "pretrained", "weights": "colour/decoder.safetensors" },
        "latents": { "kind": "pretrained", "weights": "colour/latents.safetensors" },
        "teacher": { "kind": "pretrained", "weights": "colour/teacher.safetensors" }
        """;

    // The same folder at 256×256, and released networks.
    private const string Released = """
        "dataset": { "kind": "imageFolder", "path": "data/images", "size": 256, "classes": 2 },
        "encoder": { "kind": "dinov2", "weights": "released/dinov2.safetensors", "network": {} },
        "decoder": { "kind": "pretrained", "weights": "released/decoder.safetensors", "network": { "kind": "mae" } },
        "latents": { "kind": "pretrained", "weights": "released/latents.safetensors" },
        "teacher": { "kind": "pretrained", "weights": "released/teacher.safetensors", "network": {} },
        "cmt": { "kind": "none" }, "meanflow": { "initialisation": "random" }
        """;

    private const string Features = """ "features": { "kind": "pretrained", "weights": "colour/features.safetensors" } """;

    private readonly Workspace _work = new();

    public NetworkRulesTests()
    {
        _work.WriteIdx("data/fashion-mnist", 28, 28, classes: 10);
        _work.WriteIdx("data/large", 32, 32, classes: 10);
        _work.WriteIdx("data/oblong", 20, 28, classes: 10);
        _work.WriteIdx("data/uneven", 28, 28, classes: 10, testRows: 32);
        _work.WriteWeights("data/weights/encoder.safetensors", Described("vit-encoder", Vit));
        _work.WriteWeights("data/weights/decoder.safetensors", Described("rae-decoder", Rae, ("shape", "96x4x4")));
        _work.WriteWeights("data/weights/latents.safetensors", [], ("mean", [96, 4, 4]), ("variance", [96, 4, 4]));
        _work.WriteWeights("data/weights/teacher.safetensors", Described("dit-velocity", Dit, ("shape", "96x4x4"), ("classes", "10")));
        _work.WriteWeights(
            "data/weights/inception.safetensors", new() { ["type"] = "inception", ["width"] = "24", ["classes"] = "10" });
        foreach (string split in (string[])["train", "val"])
        {
            _work.Write($"data/images/{split}/cat/1.png", "");
            _work.Write($"data/images/{split}/dog/1.png", "");
        }

        _work.WriteWeights("colour/encoder.safetensors", Described("vit-encoder", Vit, ("image", "3x64x64")));
        _work.WriteWeights("colour/decoder.safetensors", Described("rae-decoder", Rae, ("shape", "96x8x8"), ("image", "3x64x64")));
        _work.WriteWeights("colour/latents.safetensors", [], ("mean", [96, 8, 8]), ("var", [1, 96, 8, 8]));
        _work.WriteWeights("colour/teacher.safetensors", Described("dit-velocity", Dit, ("shape", "96x8x8"), ("classes", "2")));
        _work.WriteWeights("colour/student.safetensors", Described("dit-mean-flow", Dit, ("shape", "96x8x8"), ("classes", "2")));
        _work.WriteWeights("colour/features.safetensors", new()
        {
            ["type"] = "inception",
            ["width"] = "24",
            ["classes"] = "2",
            ["channels"] = "3",
            ["image"] = "3x64x64",
        });
        _work.WriteWeights("colour/script.safetensors", new() { ["type"] = "torchscript", ["script"] = "features.pt" });

        (string Name, long[] Shape)[] layers =
            [.. Enumerable.Range(0, 12).Select(i => ($"encoder.layer.{i}.norm1.weight", new long[] { 768 }))];
        _work.WriteWeights(
            "released/dinov2.safetensors", [],
            [
                ("embeddings.patch_embeddings.projection.weight", [768, 3, 14, 14]),
                ("embeddings.position_embeddings", [1, 1370, 768]),
                .. layers,
            ]);
        _work.WriteWeights("released/decoder.safetensors", [], ("decoder_embed.weight", [1152, 768]), ("decoder_pred.weight", [768, 1152]));
        _work.WriteWeights("released/latents.safetensors", [], ("mean", [768, 16, 16]), ("var", [768, 16, 16]));
        _work.WriteWeights(
            "released/teacher.safetensors", [], ("y_embedder.embedding_table.weight", [3, 96]), ("s_embedder.proj.weight", [96, 768, 1, 1]),
            ("pos_embed", [1, 256, 96]));
        _work.WriteWeights("released/student.safetensors", [], ("r_embedder.W", [256]), ("pos_embed", [1, 256, 96]));
        _work.WriteWeights("released/plain.safetensors", [], ("fc.weight", [10, 10]));
    }

    public void Dispose() => _work.Dispose();

    [Fact]
    public void Networks_that_fit_are_accepted()
    {
        _work.Valid("\"base\": {}");
        _work.Valid($"\"base\": {{ {Colour} }}, \"evaluation\": {{ {Features} }}");
        Read("released", """ "study": null """).Diagnostics.Should().BeEmpty();
        Read("trained", """ "study": null """).Diagnostics.Should().BeEmpty();
    }

    [Fact]
    public void All_networks_for_28x28_grey_images_are_rejected_for_64x64_colour_images()
    {
        var found = _work.Read(
            """ "base": { "dataset": { "kind": "imageFolder", "path": "data/images", "size": 64, "classes": 2 } } """);

        found.Experiment.Should().BeNull();
        found.Diagnostics.Select(mistake => mistake.Message).Should().BeEquivalentTo(
            "the encoder data/weights/encoder.safetensors was trained on 28×28 grey images, but the dataset has 64×64 RGB images",
            "the decoder makes 28×28 grey images, but the dataset has 64×64 RGB images",
            "data/weights/teacher.safetensors has 10 classes, but the training images have 2",
            "the feature network data/weights/inception.safetensors was trained on 28×28 grey images, but the dataset has 64×64 RGB images");
        found.Diagnostics.Should().OnlyContain(mistake =>
            mistake.File == "x.json" && mistake.Line == 2 && mistake.Path.StartsWith("$.base.dataset") && mistake.Suggestion != null);
    }

    /// <summary>Each mismatch of two stages, on networks that fit otherwise.</summary>
    [Theory]
    // dataset → encoder
    [InlineData("idx", """ "dataset": { "path": "data/large" } """, "dataset.path", "encoder*trained on 28×28 grey images*32×32 grey")]
    [InlineData("idx", """ "dataset": { "path": "data/uneven" } """, "dataset.path", "training images are 28×28 grey, but the test images are 32×28 grey")]
    [InlineData("idx", """ "encoder": { "weights": "colour/encoder.safetensors" } """, "encoder.weights", "trained on 64×64 RGB*28×28 grey")]
    [InlineData("idx", """ "encoder": { "weights": "data/weights/teacher.safetensors" } """, "encoder.weights", "`dit-velocity`, but an encoder")]
    [InlineData("idx", """ "encoder": { "weights": "released/plain.safetensors" } """, "encoder.weights", "does not describe its network")]
    [InlineData("idx", """ "encoder": { "network": { "width": 96, "depth": 6 } } """, "encoder.network.depth", "`depth` is 6, but in *it is 5")]
    [InlineData("colour", """ "dataset": { "size": 32 } """, "dataset.size", "encoder*trained on 64×64 RGB*32×32 RGB")]
    [InlineData("trained", """ "dataset": { "size": 60 } """, "dataset.size", "60×60 images cannot be divided into the 8×8 tokens")]
    [InlineData("trained", """ "encoder": { "network": { "width": 90, "heads": 3 } } """, "encoder.network.width", "not a multiple of 4")]
    [InlineData("released", """ "encoder": { "network": { "hiddenSize": 384, "heads": 6 } } """, "encoder.network.hiddenSize", "is 384*it is 768")]
    [InlineData("released", """ "encoder": { "network": { "layers": 24 } } """, "encoder.network.layers", "is 24*it is 12")]
    [InlineData("released", """ "encoder": { "network": { "imageSize": 224 } } """, "encoder.network.imageSize", "is 224*it is 518")]
    // encoder → decoder → images
    [InlineData("colour", """ "decoder": { "weights": "data/weights/decoder.safetensors" } """, "decoder.weights", "makes 28×28 grey images*64×64 RGB")]
    [InlineData("colour", """ "decoder": { "weights": "colour/encoder.safetensors" } """, "decoder.weights", "`vit-encoder`, but a decoder")]
    [InlineData("colour", """ "decoder": { "network": { "kind": "mae" } } """, "decoder.network.kind", "decoder of kind `vit`, but the options name `mae`")]
    [InlineData("colour", """ "decoder": { "network": { "kind": "vit", "width": 64 } } """, "decoder.network.width", "`width` is 64*it is 128")]
    [InlineData("released", """ "decoder": { "network": { "imageSize": 512 } } """, "decoder.network.imageSize", "makes 512×512 RGB*256×256 RGB")]
    [InlineData("released", """ "decoder": { "network": { "channels": 1 } } """, "decoder.network.channels", "makes 256×256 grey")]
    [InlineData("released", """ "decoder": { "network": { "patchSize": 32 } } """, "decoder.network.patchSize", "has 768 values per patch")]
    [InlineData("released", """ "decoder": { "network": { "hiddenSize": 768 } } """, "decoder.network.hiddenSize", "is 768*it is 1152")]
    [InlineData("released", """ "dataset": { "size": 250 }, "decoder": { "kind": "rae", "network": {}, "training": { "steps": 1 } } """,
        "dataset.size", "250×250 images cannot be divided into the 16×16 tokens")]
    // encoder → latents
    [InlineData("colour", """ "latents": { "weights": "data/weights/latents.safetensors" } """, "latents.weights", "`mean`*shape ?96, 4, 4?*?96, 8, 8?")]
    [InlineData("colour", """ "latents": { "weights": "colour/teacher.safetensors" } """, "latents.weights", "no tensor `mean`")]
    // encoder, dataset → teacher → student
    [InlineData("colour", """ "teacher": { "weights": "colour/student.safetensors" } """, "teacher.weights", "mean-flow network, but a teacher")]
    [InlineData("colour", """ "teacher": { "weights": "colour/encoder.safetensors" } """, "teacher.weights", "`vit-encoder`, but a teacher")]
    [InlineData("colour", """ "teacher": { "network": { "headDepth": 3 } } """, "teacher.network.headDepth", "`headDepth` is 3*it is 1")]
    [InlineData("colour", """ "meanflow": { "network": { "headDepth": 3 } } """, "meanflow.network.headDepth", "is 3*weights of the teacher, where it is 1")]
    [InlineData("colour", """ "meanflow": { "kind": "pretrained", "weights": "colour/teacher.safetensors", "network": null } """, "meanflow.weights",
        "velocity network, but meanflow must be a mean-flow network")]
    [InlineData("colour", """ "cmt": { "kind": "pretrained", "weights": "colour/teacher.safetensors" } """, "cmt.weights",
        "velocity network, but cmt must be a mean-flow network")]
    [InlineData("colour", """ "cmt": { "kind": "pretrained", "weights": "colour/encoder.safetensors" } """, "cmt.weights", "`vit-encoder`, but a mean-flow network")]
    [InlineData("colour", """ "cmt": { "kind": "pretrained", "weights": "colour/student.safetensors" }, "meanflow": { "network": { "headDepth": 3 } } """,
        "meanflow.network.headDepth", "is 3*weights of the CMT network, where it is 1")]
    [InlineData("released", """ "teacher": { "weights": "released/student.safetensors" } """, "teacher.weights", "mean-flow network, but a teacher")]
    [InlineData("idx", """ "dataset": { "trainLimit": 5 } """, "dataset.trainLimit", "10 classes, but the training images have 5")]
    [InlineData("released", """ "teacher": { "network": { "trunkWidth": 192 } } """, "teacher.network.trunkWidth", "is 192*it is 96")]
    public void Mismatched_stages_are_reported_with_both_shapes(string networks, string change, string path, string message)
    {
        var found = Read(networks, change);

        found.Experiment.Should().BeNull();
        var pattern = new Regex(Regex.Escape(message).Replace("\\*", ".*").Replace("\\?", "."));
        var told = found.Diagnostics.Should().ContainSingle(mistake => mistake.Path == "$.base." + path && pattern.IsMatch(mistake.Message)).Subject;
        told.File.Should().Be("x.json");
        told.Line.Should().BeGreaterThan(0);
        told.Suggestion.Should().NotBeNullOrEmpty();
    }

    [Theory]
    [InlineData("latents of shape [96, 4, 4], but the encoder makes [96, 8, 8]", "colour", "teacher", "data/weights/teacher.safetensors")]
    [InlineData("has 10 classes, but the training images have 2", "colour", "teacher", "data/weights/teacher.safetensors")]
    [InlineData("decodes latents of shape [96, 4, 4], but the encoder makes [96, 8, 8]", "colour", "decoder", "data/weights/decoder.safetensors")]
    [InlineData("decodes latents of 768 channels, but the encoder makes 384", "small", "decoder", "released/decoder.safetensors")]
    [InlineData("latents of 768 channels, but the encoder makes 384", "small", "teacher", "released/teacher.safetensors")]
    public void All_mismatches_of_one_file_are_reported(string message, string networks, string stage, string file)
    {
        string change = networks == "small"
            ? """ "encoder": { "kind": "dinov2", "weights": "released/plain.safetensors", "network": { "hiddenSize": 384, "heads": 6 } } """
            : $"\"{stage}\": {{ \"weights\": \"{file}\" }}";

        Read(networks == "small" ? "released" : networks, change).Diagnostics.Should().Contain(mistake => mistake.Message.Contains(message));
    }

    [Theory]
    [InlineData("idx", """{ "features": { "weights": "colour/encoder.safetensors" } }""", "features.weights", "`vit-encoder`, but a feature network")]
    [InlineData("idx", """{ "features": { "weights": "released/plain.safetensors" } }""", "features.weights", "does not describe its network")]
    [InlineData("idx", """{ "features": { "weights": "colour/script.safetensors" } }""", "features.weights", "TorchScript network, whose script")]
    [InlineData("idx", """{ "features": { "weights": "colour/features.safetensors" } }""", "features.weights", "trained on 64×64 RGB*28×28 grey")]
    [InlineData("colour", """{ "secondFeatures": { "kind": "pretrained", "weights": "data/weights/inception.safetensors" } }""",
        "secondFeatures.weights", "trained on 28×28 grey*64×64 RGB")]
    public void A_feature_network_must_accept_the_images_of_the_dataset(string networks, string evaluation, string path, string message)
    {
        string own = networks == "colour" ? evaluation.Replace("{ \"second", $"{{ {Features}, \"second") : evaluation;
        var found = _work.Read($"\"base\": {{ {Networks(networks)} }}, \"evaluation\": {own}");

        found.Diagnostics.Should().ContainSingle(mistake => mistake.Path == "$.evaluation." + path).Which.Message.Should().Match($"*{message}*");
    }

    [Fact]
    public void Class_accuracy_needs_a_network_that_predicts_the_classes_of_the_dataset()
    {
        _work.WriteWeights("colour/others.safetensors", new()
        {
            ["type"] = "inception",
            ["width"] = "24",
            ["classes"] = "5",
            ["channels"] = "3",
            ["image"] = "3x64x64",
        });
        string Keys(string metrics) => $"\"base\": {{ {Colour} }}, \"evaluation\": {{ "
            + $"\"features\": {{ \"weights\": \"colour/others.safetensors\" }}, \"metrics\": {metrics} }}";

        _work.Mistake(Keys("""[{ "kind": "fid" }, { "kind": "classAccuracy" }]""")).Message
            .Should().Be("classAccuracy with colour/others.safetensors, which predicts 5 classes, but the training images have 2 classes");
        _work.Valid(Keys("""[{ "kind": "fid" }, { "kind": "inceptionScore" }]"""));
    }

    [Fact]
    public void Two_samples_of_each_class_are_needed_for_distances_within_classes()
    {
        var found = _work.Mistake("""
            "base": { "sampling": { "samples": 12, "keptLatents": 10 } },
            "evaluation": { "metrics": [{ "kind": "fid" }, { "kind": "classFid" }] }
            """);

        found.Path.Should().Be("$.evaluation.metrics[1]");
        found.Message.Should().Be("classFid needs at least 20 samples, but there are 12: two for each class");
    }

    [Fact]
    public void Permuted_labels_need_the_same_number_of_samples_for_each_class()
    {
        var found = _work.Mistake("""
            "base": { "sampling": { "samples": 1005, "labels": "permuted" } }
            """);

        found.Path.Should().Be("$.base.sampling.labels");
        found.Message.Should().Be("`labels` is permuted, but 1005 samples are not the same number for each of 10 classes");
    }

    [Theory]
    [InlineData("[5, 10]", "there is no class 10: the dataset has 10 classes")]
    [InlineData("[]", "`classes` is empty")]
    public void The_classes_of_a_sheet_must_exist(string classes, string message)
    {
        var found = _work.Mistake($$"""
            "base": { "sampling": { "sheets": [{ "classes": {{classes}} }] } }
            """);

        found.Path.Should().Be("$.base.sampling.sheets[0].classes");
        found.Message.Should().Be(message);
    }

    [Theory]
    [InlineData("40x96x4x4", 40, "`samples` is 50, but noise.safetensors has noise for 40 samples")]
    [InlineData("50x96x4x4", 40, "noise.safetensors does not contain noise of shape [N, C, H, W] and as many labels")]
    [InlineData("50x96x2x2", 50, "noise.safetensors has noise of shape [96, 2, 2], but the encoder makes latents of shape [96, 4, 4]")]
    public void Noise_of_a_file_must_fit_the_samples_and_latents(string noise, long labels, string message)
    {
        _work.WriteWeights("noise.safetensors", [], ("noise", [.. noise.Split('x').Select(long.Parse)]), ("labels", [labels]));

        _work.Mistake("""
            "base": { "sampling": { "samples": 50, "keptLatents": 10, "noise": "file", "noiseFile": "noise.safetensors" } },
            "evaluation": { "metrics": [{ "kind": "fid" }] }
            """).Message.Should().Be(message);
    }

    [Fact]
    public void A_feature_network_cannot_be_trained_on_one_class()
    {
        _work.Write("data/one/train/all/1.png", "");
        _work.Write("data/one/val/all/1.png", "");
        var found = _work.Read($$"""
            "base": {
              {{Networks("trained").Replace("data/images", "data/one").Replace("\"classes\": 2", "\"classes\": 1")}}
            },
            "evaluation": {
              "features": { "kind": "inception", "training": { "steps": 1 }, "augmentation": {} },
              "metrics": [{ "kind": "fid" }]
            }
            """);

        found.Diagnostics.Should().ContainSingle().Which.Message.Should().Contain("need a dataset with more than one class");
    }

    [Fact]
    public void An_encoder_needs_images_whose_side_is_a_multiple_of_its_tokens()
    {
        Read("trained", """ "dataset": { "size": 28 } """).Diagnostics.Should().BeEmpty();
    }

    [Fact]
    public void A_profile_opens_no_files()
    {
        _work.Write("x.json", $"{{ \"extends\": \"base.json\", \"base\": {{ {Colour.Replace("colour/decoder", "none/decoder")} }} }}");

        ExperimentReader.Read("x.json", [], _work.Root, needFiles: false).Diagnostics.Should().BeEmpty();
    }

    private ReadResult Read(string networks, string change)
    {
        string features = networks == "idx" ? "{}"
            : networks == "colour" ? $"{{ {Features} }}"
            : """
                {
                  "features": { "kind": "fidInception", "weights": "released/plain.safetensors" },
                  "metrics": [{ "kind": "fid" }, { "kind": "inceptionScore" }]
                }
                """;
        _work.Write("own.json", $"{{ \"extends\": \"base.json\", \"base\": {{ {Networks(networks)} }}, \"evaluation\": {features} }}");
        _work.Write("x.json", $"{{ \"extends\": \"own.json\", \"base\": {{ {change} }} }}");
        return ExperimentReader.Read("x.json", [], _work.Root);
    }

    private static string Networks(string networks) => networks switch
    {
        "idx" => "\"study\": null",
        "colour" => Colour,
        "trained" => """
            "dataset": { "kind": "imageFolder", "path": "data/images", "size": 64, "classes": 2 },
            "encoder": { "kind": "selfSupervised", "network": {}, "augmentation": {}, "training": { "steps": 1 } },
            "decoder": { "kind": "rae", "network": {}, "training": { "steps": 1 } },
            "latents": { "kind": "perElement" },
            "teacher": { "kind": "flowMatching", "network": {}, "time": { "kind": "uniform" }, "training": { "steps": 1 } }
            """,
        _ => Released,
    };

    private static Dictionary<string, string> Described(string type, string network, params (string Key, string Value)[] more)
    {
        var metadata = new Dictionary<string, string> { ["type"] = type, ["network"] = network };
        foreach (var (key, value) in more)
        {
            metadata[key] = value;
        }

        return metadata;
    }
}
