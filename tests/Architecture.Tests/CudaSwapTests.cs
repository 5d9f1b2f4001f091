using System.Text.Json;

namespace Architecture.Tests;

/// <summary>One property swaps libtorch for its CUDA build, and without it no restore asks for a CUDA package.</summary>
public sealed class CudaSwapTests
{
    private const string Learning = "src/MfRae.Lab.Learning/MfRae.Lab.Learning.csproj";

    [Fact]
    public void The_property_swaps_the_processor_packages_for_the_cuda_one()
    {
        var packages = Repository.EvaluatedPackages(Learning, "-p:Cuda=true");

        packages.Where(IsCuda).Should().Equal(OperatingSystem.IsWindows() ? "TorchSharp-cuda-windows" : "TorchSharp-cuda-linux");
        packages.Should().NotContain("TorchSharp").And.NotContain(name => name.StartsWith("libtorch-cpu", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_the_property_exactly_one_libtorch_is_asked_for()
    {
        var packages = Repository.EvaluatedPackages(Learning);

        packages.Should().Contain("TorchSharp").And.NotContain(name => IsCuda(name));
        packages.Where(name => name.StartsWith("libtorch-cpu", StringComparison.Ordinal)).Should().ContainSingle();
    }

    [Fact]
    public void The_libtorch_of_an_installed_PyTorch_replaces_all_packages_of_libtorch()
    {
        var packages = Repository.EvaluatedPackages(Learning, "-p:LibTorch=/site-packages/torch/lib", "-p:Cuda=true");

        packages.Should().Contain("TorchSharp").And.NotContain(name => IsCuda(name) || name.StartsWith("libtorch", StringComparison.Ordinal));
    }

    [Fact]
    public void The_cuda_version_is_the_one_of_the_bindings()
    {
        var versions = Repository.Xml("Directory.Packages.props").Descendants("PackageVersion")
            .Where(version => version.Attribute("Include")!.Value.StartsWith("TorchSharp", StringComparison.Ordinal))
            .Select(version => version.Attribute("Version")!.Value);

        versions.Distinct().Should().ContainSingle();
    }

    [Fact]
    public void No_other_project_asks_for_a_cuda_package() =>
        Repository.Projects().Where(project => project != Learning)
            .SelectMany(Repository.Packages)
            .Should().NotContain(name => IsCuda(name));

    /// <summary>What NuGet resolved for this very build, which was made without the property or with it.</summary>
    [Fact]
    public void The_restored_graph_holds_cuda_only_where_it_was_asked_for()
    {
        var assets = Directory.GetFiles(
            Path.Combine(Repository.Root, ".artifacts", "obj"), "project.assets.json", SearchOption.AllDirectories);
        var learning = assets.Should().ContainSingle(file => file.Contains("MfRae.Lab.Learning" + Path.DirectorySeparatorChar)).Subject;
        using var asked = JsonDocument.Parse(File.ReadAllText(learning));
        var builtForCuda = DirectDependencies(asked).Any(IsCuda);

        foreach (var file in assets)
        {
            using var document = JsonDocument.Parse(File.ReadAllText(file));
            var resolved = document.RootElement.GetProperty("libraries").EnumerateObject().Select(library => library.Name).Concat(
                DirectDependencies(document));
            if (!builtForCuda)
                resolved.Should().NotContain(name => IsCuda(name), "{0} was restored without the property", file);
        }
    }

    private static IEnumerable<string> DirectDependencies(JsonDocument assets) =>
        assets.RootElement.GetProperty("project").GetProperty("frameworks").EnumerateObject()
            .SelectMany(framework => framework.Value.TryGetProperty("dependencies", out var dependencies)
                ? dependencies.EnumerateObject().Select(dependency => dependency.Name).ToList()
                : []);

    private static bool IsCuda(string package) => package.Contains("cuda", StringComparison.OrdinalIgnoreCase);
}
