using System.Text;
using MfRae.Lab.Learning.Tests.Formats;

namespace MfRae.Lab.Learning.Tests.Evaluation;

/// <summary>A TorchScript file of a module without weights, as torch.jit.save lays one out.</summary>
internal static class ScriptFile
{
    /// <summary>The mean of each channel as features, and their differences as class scores.</summary>
    public const string MeansAndScores = """
          def forward(self: __torch__.Net, x: Tensor) -> Tuple[Tensor, Tensor]:
            means = torch.mean(x, [2, 3])
            return (means, torch.sub(means, torch.roll(means, [1], [1])))
        """;

    public const string Means = """
          def forward(self: __torch__.Net, x: Tensor) -> Tensor:
            return torch.mean(x, [2, 3])
        """;

    public const string Map = """
          def forward(self: __torch__.Net, x: Tensor) -> Tensor:
            return x
        """;

    public static void Write(string path, string forward)
    {
        var code = "class Net(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n" + forward.TrimEnd() + "\n";
        File.WriteAllBytes(path, TestArchive.Stored(
            ("net/data.pkl", PickleBytes.Of([.. PickleBytes.Raw("c__torch__\nNet\n)\u0081}"), .. "("u8, .. PickleBytes.Text("training"), 0x89, .. "ub"u8])),
            ("net/code/__torch__.py", Encoding.ASCII.GetBytes(code)),
            ("net/constants.pkl", PickleBytes.Of(PickleBytes.Raw(")"))),
            ("net/version", "3\n"u8.ToArray())));
    }
}
