using MfRae.Lab.Core;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Stages;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Stages;

/// <summary>Samples for files are those of the evaluation, if nothing else is asked for.</summary>
[Scoped]
public sealed class GeneratorSamplesTests(TinyLab lab) : IClassFixture<TinyLab>
{
    // A whole batch: kernels for other numbers of rows may round differently.
    private const int Count = 25;

    [Fact]
    public void Without_choices_they_are_the_first_samples_that_were_measured()
    {
        var drawn = TensorFile.Open(Draw("npz", []).Single());
        var measured = Safetensors.Read(lab.At("samples1/samples.2.safetensors"));

        drawn["arr_1"].equal(measured["labels"].slice(0, 0, Count, 1)).all().item<bool>().Should().BeTrue();
        drawn["arr_0"].permute(0, 3, 1, 2).equal(measured["images"].slice(0, 0, Count, 1)).all().item<bool>().Should().BeTrue();
    }

    [Fact]
    public void Chosen_classes_take_turns_and_start_from_the_same_noise()
    {
        var classes = TensorFile.Open(Draw("npz", [3, 1]).Single());
        classes["arr_1"].slice(0, 0, 4, 1).data<long>().Should().Equal(3, 1, 3, 1);
        var measured = Safetensors.Read(lab.At("samples1/samples.2.safetensors"));
        // The measured labels cycle through the classes, so sample 1 has class 1 in both.
        classes["arr_0"][1].permute(2, 0, 1).equal(measured["images"][1]).all().item<bool>().Should().BeTrue();
    }

    [Fact]
    public void An_unknown_class_is_refused() => FluentActions.Invoking(() => Draw("npz", [3, 99])).Should().Throw<LabException>()
        .WithMessage("class 99: the network has * classes, 0 to *");

    [Fact]
    public void Images_are_single_files_or_a_grid()
    {
        var files = Draw("png", [3, 1]);
        files.Should().HaveCount(Count).And.OnlyHaveUniqueItems();
        Path.GetFileName(files[1]).Should().Be("000001-class1.png");
        files.Should().OnlyContain(file => File.Exists(file));
        Draw("grid", [3, 1]).Should().ContainSingle().Which.Should().EndWith("samples.png");
    }

    [Fact]
    public void Intermediate_weights_give_other_samples_and_another_seed_other_noise()
    {
        var request = Request([]);
        var (now, before, other) = (Draw(request), Draw(request with { Network = lab.At("meanflow1/snapshot.0.safetensors") }),
            Draw(request with { Sampling = request.Sampling with { Seed = 8 } }));

        before.equal(now).all().item<bool>().Should().BeFalse();
        other.equal(now).all().item<bool>().Should().BeFalse();
    }

    private GeneratorSamplesRequest Request(IReadOnlyList<int> classes) => new(
        TinyLab.Sampling, 3, lab.At("meanflow1/network.safetensors"), null, null, true, lab.At("decoder"), lab.At("latents"), lab.At("dataset"),
        2, Count, classes, lab.At("."), "cpu");

    private Tensor Draw(GeneratorSamplesRequest request) =>
        TensorFile.Open(new GeneratorSamples(request, _ => { }).Write(lab.At("drawn-" + Guid.NewGuid()), "npz", default).Single())["arr_0"];

    private IReadOnlyList<string> Draw(string form, IReadOnlyList<int> classes) =>
        new GeneratorSamples(Request(classes), _ => { }).Write(lab.At("drawn-" + form), form, default);
}
