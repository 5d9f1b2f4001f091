using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Tests.Experiments;

/// <summary>Files and folders that options name.</summary>
public sealed class FileTests : IDisposable
{
    private const string Images = """ "base": { "dataset": { "kind": "imageFolder", "path": "data/images", "classes": 2 } } """;
    private const string Checkpoint =
        """ "base": { "teacher": { "kind": "pretrained", "weights": "data/weights/model.pt::ema", "network": {} } } """;

    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Fact]
    public void A_missing_image_folder_is_reported_with_the_expected_layout()
    {
        var found = _work.Mistake(Images);

        found.Path.Should().Be("$.base.dataset.path");
        found.Message.Should().Contain("folder data/images not found");
        found.Suggestion.Should().Be("create train and val there, each with one folder of images for each of the 2 classes");
    }

    [Theory]
    [InlineData(""" "encoder": { "kind": "dinov2", "weights": "data/weights/encoder.safetensors", "network": {} } """,
        "$.base.encoder.kind", "dataset of kind imageFolder")]
    [InlineData(""" "dataset": { "kind": "imageFolder", "path": "data/images", "classes": 1, "flip": true } """,
        "$.base.dataset.flip", "set `cache` to none, or `flip` to false")]
    [InlineData("""
        "dataset": { "kind": "imageFolder", "path": "data/images", "classes": 1, "size": 128 },
        "decoder": { "kind": "pretrained", "weights": "data/weights/decoder.safetensors", "network": { "kind": "mae", "imageSize": 256 } }
        """, "$.base.decoder.network.imageSize", "set `size` to 256")]
    [InlineData("""
        "dataset": { "kind": "imageFolder", "path": "data/images", "classes": 1, "size": 60 },
        "encoder": { "kind": "selfSupervised", "network": {}, "augmentation": {}, "training": { "steps": 1 } }
        """, "$.base.dataset.size", "size 56")]
    public void Networks_and_latents_must_fit_the_images(string change, string path, string suggestion)
    {
        _work.Write("data/images/train/cat/1.png", "");
        _work.Write("data/images/val/cat/1.png", "");

        var found = _work.Mistake($"\"base\": {{ {change} }}");
        found.Path.Should().Be(path);
        found.Suggestion.Should().Contain(suggestion);
    }

    [Fact]
    public void Stages_that_train_on_latents_that_are_not_kept_have_the_images_as_inputs()
    {
        _work.Write("data/images/train/cat/1.png", "");
        _work.Write("data/images/val/cat/1.png", "");
        const string images = """ "dataset": { "kind": "imageFolder", "path": "data/images", "classes": 1, "flip": true } """;
        var plan = _work.Plan($"\"base\": {{ {images}, \"latents\": {{ \"cache\": \"none\" }} }}");
        var kept = _work.Plan("\"base\": {}");

        foreach (string stage in (string[])["teacher", "cmt", "meanflow"])
        {
            plan.Stages.Single(node => node.Kind == stage).Inputs.Keys.Should().Contain(["latents", "dataset", "encoder"]);
            kept.Stages.Single(node => node.Kind == stage).Inputs.Keys.Should().Contain("latents").And.NotContain(["dataset", "encoder"]);
        }
    }

    [Fact]
    public void An_image_folder_must_have_both_splits_and_all_classes()
    {
        _work.Write("data/images/train/cat/1.png", "");
        _work.Write("data/images/train/dog/1.png", "");
        _work.Mistake(Images).Message.Should().Contain("does not contain val");

        _work.Write("data/images/val/cat/2.png", "");
        var found = _work.Mistake(Images);
        found.Path.Should().Be("$.base.dataset.classes");
        found.Message.Should().Contain("data/images/val has 1 class folders, but `classes` is 2");

        _work.Write("data/images/val/bird/2.png", "");
        _work.Write("data/images/val/.ipynb_checkpoints/2-checkpoint.png", "");
        _work.Mistake(Images).Message.Should().Be("data/images/val has a class 'bird' that is not in data/images/train");

        Directory.Move(Path.Combine(_work.Root, "data/images/val/bird"), Path.Combine(_work.Root, "data/images/val/dog"));
        _work.Valid(Images).Arms[0].Options.Dataset.Should().Be(new ImageFolderDatasetOptions("data/images", Classes: 2));
    }

    [Fact]
    public void Images_without_class_folders_are_reported_with_a_remedy()
    {
        _work.Write("data/images/train/1.png", "");
        _work.Write("data/images/val/2.png", "");
        var found = _work.Read(Images).Diagnostics;

        found.Should().HaveCount(2).And.OnlyContain(mistake => mistake.Path == "$.base.dataset.path"
            && mistake.Message.Contains("without class folders")
            && mistake.Suggestion!.Contains("data/images/train/all and data/images/val/all and set `classes` to 1"));
    }

    [Fact]
    public void Text_after_two_colons_is_not_part_of_the_file_name()
    {
        _work.Mistake(Checkpoint).Message.Should().StartWith("file data/weights/model.pt not found in");

        _work.Write("data/weights/model.pt", "weights");
        var plan = _work.Plan(Checkpoint);
        plan.Stages.Single(stage => stage.Kind == "teacher").Definition.Files().Should().Equal("data/weights/model.pt");
    }

    [Fact]
    public void An_experiment_that_is_only_inspected_needs_no_files()
    {
        _work.Write("x.json", $"{{ \"extends\": \"base.json\", {Checkpoint} }}");
        Directory.Delete(Path.Combine(_work.Root, "data"), recursive: true);

        ExperimentReader.Read("x.json", [], _work.Root).Diagnostics.Should().HaveCount(6);
        ExperimentReader.Read("x.json", [], _work.Root, needFiles: false).Diagnostics.Should().BeEmpty();
    }

    [Fact]
    public void Paths_must_be_valid_even_if_files_are_not_needed()
    {
        _work.Write("x.json", """{ "extends": "base.json", "base": { "teacher": { "weights": "::ema" } } }""");

        ExperimentReader.Read("x.json", [], _work.Root, needFiles: false).Diagnostics
            .Should().ContainSingle().Which.Message.Should().Contain("is not a valid path");
    }

    [Fact]
    public void A_folder_is_identified_by_the_names_and_lengths_of_its_files()
    {
        _work.Write("data/images/train/cat/1.png", "abc");
        _work.Write("data/images/train/dog/1.png", "de");
        var hash = FileHash.In(_work.Root);
        var first = hash("data/images/train");

        first.Should().MatchRegex("^[0-9a-f]{64}$").And.Be(hash("data/images/train/"));
        _work.Write("data/images/train/dog/1.png", "def");
        var longer = hash("data/images/train");
        longer.Should().NotBe(first);
        File.Move(Path.Combine(_work.Root, "data/images/train/dog/1.png"), Path.Combine(_work.Root, "data/images/train/dog/2.png"));
        hash("data/images/train").Should().NotBe(longer);
    }

    [Theory]
    [InlineData(""" "encoder": { "kind": "dinov2", "weights": "data/weights/encoder.safetensors", "network": { "inputSize": 225 } } """,
        "inputSize 224 or 238")]
    [InlineData(""" "encoder": { "kind": "dinov2", "weights": "data/weights/encoder.safetensors", "network": { "heads": 11 } } """,
        "hiddenSize 759 or 770")]
    [InlineData(
        """ "decoder": { "kind": "pretrained", "weights": "data/weights/decoder.safetensors", "network": { "kind": "mae", "imageSize": 250 } } """,
        "imageSize 240 or 256")]
    public void Released_networks_need_images_of_whole_patches(string change, string suggestion) =>
        _work.Read($"\"base\": {{ {change} }}").Diagnostics.Should().Contain(found => found.Suggestion!.Contains(suggestion));
}
